import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { withoutEditor } from "./browser.ts";
import { activeTab } from "./documents.ts";
import { type Editor, startEditor } from "./editor.ts";
import { buttonOf, quickInput, quickPickRows } from "./palette.ts";
import { sampleProject } from "./project.ts";
import { until } from "./until.ts";

const skip = await withoutEditor();

const parent = mkdtempSync(join(tmpdir(), "jz-places-"));
after(() => rmSync(parent, { recursive: true, force: true, maxRetries: 10 }));
const temporary = (): string => mkdtempSync(join(parent, "place-"));

const BROKEN = "---\nname: far\n---\nuser:\nSolve {{ text";

describe("without a folder", { skip }, () => {
  let editor: Editor;
  const home = temporary();
  before(async () => {
    editor = await startEditor({ project: null, env: { HOME: home } });
  });
  const pane = (view: string) => editor.page.locator(`.pane:has(.pane-header[aria-label^="${view}"])`);

  test("every view says what it is for and leads on", async () => {
    await editor.activity("JiuZhang").click();
    for (const view of ["Templates", "Datasets", "Endpoints"]) {
      await pane(view)
        .getByRole("button", { name: buttonOf("jiuzhang.openSample") })
        .waitFor();
      await pane(view).getByRole("button", { name: "Open Folder" }).waitFor();
    }
    await editor.screenshot("places-no-folder");
  });

  test("a template alone is checked", async () => {
    const file = join(home, "lone.prompty");
    writeFileSync(file, BROKEN);
    await editor.openFile(file);
    await editor.page.locator("[id='status.problems']").filter({ hasText: "1" }).waitFor();
    await editor.command("jiuzhang.generate");
    await editor.notifications
      .filter({ hasText: "No folder is open" })
      .getByRole("button", { name: buttonOf("jiuzhang.openSample") })
      .waitFor();
  });

  test("the sample project is made, opened, and shown with its preview", async () => {
    await pane("Datasets")
      .getByRole("button", { name: buttonOf("jiuzhang.openSample") })
      .click();
    await quickPickRows(editor.page).filter({ hasText: "a new folder in your home folder" }).click();
    await editor.page.locator(".tab[data-resource-name='grade.prompty']").waitFor({ timeout: 60_000 });
    assert.ok(existsSync(join(home, "jiuzhang-sample", "jiuzhang.yaml")));
    await editor.page.locator(".tab").filter({ hasText: "Preview" }).waitFor();
    await editor.screenshot("places-sample");
  });

  test("where it is already, it is opened as it is", async () => {
    await editor.command("View: Close All Editors");
    await editor.page.locator(".tab[data-resource-name='grade.prompty']").waitFor({ state: "detached" });
    await editor.command("jiuzhang.openSample");
    await quickPickRows(editor.page).filter({ hasText: "it is there already" }).click();
    // The line in the status bar goes after a while.
    await Promise.all([
      editor.page.locator(".tab[data-resource-name='grade.prompty']").waitFor(),
      editor.statusBar("is a project already").waitFor(),
    ]);
  });
});

describe("with two folders", { skip }, () => {
  let editor: Editor;
  let one: string;
  let two: string;
  before(async () => {
    const folder = temporary();
    [one, two] = [await sampleProject(), await sampleProject()];
    const workspace = join(folder, "both.code-workspace");
    writeFileSync(
      workspace,
      JSON.stringify({
        folders: [
          { name: "one", path: one },
          { name: "two", path: two },
        ],
      }),
    );
    editor = await startEditor({ project: workspace });
  });
  const question = () => quickPickRows(editor.page).filter({ hasText: two });

  const added = (folder: string) => until("the template to be back", () => existsSync(join(folder, "prompts", "tool", "high.prompty")));

  test("a command that could mean either asks once, and remembers", async () => {
    for (const asks of [true, false]) {
      rmSync(join(two, "prompts", "tool"), { recursive: true });
      await editor.command("jiuzhang.addTemplates");
      if (asks) await question().click();
      await added(two);
      // The first of them is opened when all are there; without an editor the keys that close one would close the window.
      await editor.page.locator(".tab[data-resource-name='grade.prompty']").waitFor();
      await editor.command("View: Close All Editors");
      await editor.page.locator(".tab").first().waitFor({ state: "detached" });
    }
  });

  test("the active editor tells which is meant", async () => {
    rmSync(join(one, "prompts", "tool"), { recursive: true });
    await editor.openFile(join(one, "jiuzhang.yaml"));
    await editor.command("jiuzhang.addTemplates");
    await added(one);
  });

  test("the tree names both, each with its own", async () => {
    await editor.activity("JiuZhang").click();
    await until("both projects", async () => (await editor.treeRows("Datasets").filter({ hasText: "sample" }).count()) === 2);
    await editor.screenshot("places-two-folders");
  });
});

describe("settings of the wrong type, and documents in odd places", { skip }, () => {
  let editor: Editor;
  const outside = temporary();
  before(async () => {
    editor = await startEditor({
      project: await sampleProject(),
      settings: { "jiuzhang.person": 3, "jiuzhang.trace.server": true, "workbench.editor.useModal": "off" },
    });
  });

  test("each is told once, with what it should be; everything works on its default", async () => {
    await editor.openFile("prompts/nl/high.prompty");
    const about = (id: string) => editor.notifications.filter({ hasText: `The setting “${id}”` });
    await about("jiuzhang.person").filter({ hasText: "should be text in quotation marks or null, and is 3" }).waitFor();
    await about("jiuzhang.trace.server").filter({ hasText: '"off", "messages", or "verbose"' }).waitFor();
    await editor.serverPid();
    await editor.screenshot("places-settings");
    await editor.command("jiuzhang.restartServer");
    await editor.page.locator(".statusbar-item[id='jiuzhang.jiuzhang.jiuzhang.status'] .codicon-circle-filled").waitFor();
    assert.equal(await about("jiuzhang.person").count(), 1);
    await editor.pressNotification("jiuzhang.person", "Open Setting");
    await editor.page.locator(".settings-editor").filter({ hasText: "Person" }).waitFor();
  });
  const markers = () => editor.page.locator("[id='status.problems']");

  test("a template outside the open folder is checked", async () => {
    const file = join(outside, "far.prompty");
    writeFileSync(file, BROKEN);
    await editor.openFile(file);
    await markers().filter({ hasText: "1" }).waitFor();
    await editor.command("View: Close Editor");
    await markers().filter({ hasText: "0" }).waitFor();
  });

  test("so is one that was never saved", async () => {
    await editor.command("Create: New File...");
    await quickPickRows(editor.page).filter({ hasText: "Text File" }).first().click();
    await activeTab(editor.page).filter({ hasText: "Untitled" }).waitFor();
    await editor.command("Change Language Mode");
    await quickInput(editor.page).fill("Prompty");
    await editor.pick("Prompty");
    await editor.statusBar("Prompty").waitFor();
    await editor.command("View: Focus Active Editor Group");
    await editor.replaceText(BROKEN);
    await markers().filter({ hasText: "1" }).waitFor();
    await until("our words", async () => (await editor.problems()).some((line) => line.includes("jiuzhang")));
  });
});

describe("a folder that nobody has trusted", { skip }, () => {
  let editor: Editor;
  before(async () => {
    editor = await startEditor({ project: await sampleProject(), untrusted: true });
  });

  test("templates are checked, no server is looked for, and trust changes that at once", async () => {
    const item = editor.page.locator(".statusbar-item[id='jiuzhang.jiuzhang.jiuzhang.status']");
    await item.filter({ hasText: "restricted" }).waitFor();
    await editor.openFile("prompts/nl/high.prompty");
    await editor.replaceText(BROKEN);
    await editor.page.locator("[id='status.problems']").filter({ hasText: "1" }).waitFor();
    await editor.activity("JiuZhang").click();
    await editor.command("jiuzhang.discoverServers");
    const refused = editor.treeRows("Endpoints").filter({ hasText: /trust/i });
    await refused.waitFor();
    await editor.screenshot("places-untrusted");
    await refused.click();
    await editor.page
      .getByRole("button", { name: /^Trust/ })
      .first()
      .click();
    await item.filter({ hasNotText: "restricted" }).waitFor();
    await editor.command("jiuzhang.discoverServers");
    await editor
      .treeRows("Endpoints")
      .filter({ hasText: /No model server found|Running on this machine/ })
      .waitFor();
  });
});
