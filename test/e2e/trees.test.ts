import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { root } from "../../scripts/root.ts";
import { withoutEditor } from "./browser.ts";
import { type Editor, startEditor } from "./editor.ts";
import { buttonOf } from "./palette.ts";
import { sampleProject } from "./project.ts";
import { until } from "./until.ts";

const RECIPE = `endpoints:
  one:
    base_url: http://127.0.0.1:9/v1
    model: first
  two:
    base_url: http://127.0.0.1:9/v1
    model: second
    api_key: { env: NOT_SET_ANYWHERE }
`;

describe("the trees in a real editor", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  let project: string;
  const importing = (file: string, dataset: string) => {
    const argv = [join(root, "dist", "server", "cli.js"), "import", "--project", project, file, "--dataset", dataset];
    const { status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  };
  before(async () => {
    project = await sampleProject();
    // A tree draws the rows that it has room for.
    for (const file of readdirSync(join(project, "prompts"), { recursive: true, encoding: "utf8" }))
      if (file.endsWith(".prompty") && !file.endsWith("high.prompty")) rmSync(join(project, "prompts", file));
    importing(join(project, "data", "seeds.jsonl"), "seeds");
    writeFileSync(join(project, "jiuzhang.yaml"), RECIPE);
    editor = await startEditor({ project });
    await editor.activity("JiuZhang").click();
  });
  const rows = (view: string, text: string | RegExp) => editor.treeRows(view).filter({ hasText: text });
  const press = async (view: string, command: string) => {
    await editor.page.locator(`.pane-header[aria-label^="${view}"]`).hover();
    await editor.page.locator(`.pane:has(.pane-header[aria-label^="${view}"]) .action-label[aria-label^="${buttonOf(command)}"]`).click();
  };

  test("templates stand by their folders, and a click opens one", async () => {
    await rows("Templates", "prompts/nl").waitFor();
    await rows("Templates", "high.prompty").first().click();
    await editor.page.locator(".tab.active[data-resource-name='high.prompty']").waitFor();
    // In the first folder, so that its row is in sight: a list draws no others.
    writeFileSync(join(project, "prompts", "base", "mine.prompty"), readFileSync(join(project, "prompts", "nl", "high.prompty")));
    await rows("Templates", "mine.prompty").waitFor();
  });

  test("datasets say what they hold; what a terminal imports is there after a refresh; a click opens the panel", async () => {
    await rows("Datasets", "54 seeds").waitFor();
    const more = join(project, "data", "more.txt");
    writeFileSync(more, `${"A triangle has three sides. ".repeat(20)}\n`);
    importing(more, "more");
    await press("Datasets", "jiuzhang.refreshDatasets");
    await rows("Datasets", "more").waitFor();
    await rows("Datasets", "54 seeds").click();
    await editor.page.locator(".tab.active").filter({ hasText: "seeds" }).waitFor();
  });

  test("a broken index is told above the rows that were known; a click makes it anew", async () => {
    writeFileSync(join(project, ".jiuzhang", "corpus.db"), "this is no database ".repeat(1_000));
    await editor.command("jiuzhang.restartServer");
    await press("Datasets", "jiuzhang.refreshDatasets");
    const problem = rows("Datasets", /Rebuild|rebuild/).first();
    await problem.waitFor();
    // What was known stays.
    await rows("Datasets", "54 seeds").waitFor();
    await editor.screenshot("trees-broken-index");
    await problem.click();
    await until("the index to be in order", async () => (await rows("Datasets", /Rebuild|rebuild/).count()) === 0);
    await rows("Datasets", "54 seeds").waitFor();
    await rows("Datasets", "more").waitFor();
  });

  test("endpoints say what they ask and what is missing; one is made the default; a click shows its line", async () => {
    await rows("Endpoints", "one").filter({ hasText: "default" }).waitFor();
    await rows("Endpoints", "two").filter({ hasText: "key missing" }).waitFor();
    const item = editor.page.locator(".context-view .action-label").filter({ hasText: buttonOf("jiuzhang.makeDefault") });
    // A menu takes no click in its first moments, so the one that is open is clicked again; that of the default has no such line.
    const other = rows("Endpoints", "two").filter({ hasText: "default" });
    await until("the other default", async () => {
      if (await other.isVisible()) return true;
      if (!(await item.isVisible())) {
        await editor.page.keyboard.press("Escape");
        await rows("Endpoints", "two").click({ button: "right", timeout: 5_000 });
      }
      await item.click({ timeout: 5_000 });
      await other.waitFor({ timeout: 10_000 });
      return true;
    });
    await rows("Endpoints", "one").filter({ hasText: "default" }).waitFor({ state: "detached" });
    await rows("Endpoints", "two").click();
    await editor.cursorAt(5);
  });

  test("servers are looked for only when they are asked for", async () => {
    assert.equal(await rows("Endpoints", "No model server found").count(), 0);
    await press("Endpoints", "jiuzhang.discoverServers");
    await rows("Endpoints", /No model server found|Running on this machine/)
      .first()
      .waitFor();
    for (const theme of ["light", "hc", "dark"] as const) {
      await editor.setTheme(theme);
      await editor.screenshot(`trees-${theme}`);
    }
  });
});
