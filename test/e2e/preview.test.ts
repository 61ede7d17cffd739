import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { FrameLocator, Locator } from "playwright-core";
import { root } from "../../scripts/root.ts";
import { cli } from "../cli/harness.ts";
import { answerTo, begin, finish, type ModelServer, piecesOf, startModel } from "../protocol/model-server.ts";
import { withoutEditor } from "./browser.ts";
import { type Editor, startEditor } from "./editor.ts";
import { sampleProject } from "./project.ts";
import { until } from "./until.ts";
import { keptOf } from "./views.ts";

const TEMPLATE = "prompts/nl/high.prompty";

/** The lines of the shipped template that the tests speak of, from 1. */
const LINES = readFileSync(join(root, TEMPLATE), "utf8").split("\n");
const VALUE_LINE = LINES.indexOf("{{ text }}") + 1;
const SYSTEM_LINE = LINES.indexOf("system:") + 2;

/** Which element of the editor's window has the focus: in the text of an editor, or not. */
const typesIntoEditor = (editor: Editor): Promise<boolean> =>
  editor.page.evaluate("document.activeElement?.closest('.monaco-editor') !== null && document.activeElement?.tagName !== 'IFRAME'");

/** Opens a template in the group of the first one: a click into the panel has made its group the active one. */
async function openTemplate(editor: Editor, path: string): Promise<void> {
  await editor.command("View: Focus First Editor Group");
  await editor.openFile(path);
}

async function panelOf(editor: Editor): Promise<FrameLocator> {
  return await editor.webview(/Preview/);
}

/** Finds out what axe says about the document of a webview. */
async function violations(panel: FrameLocator): Promise<string[]> {
  const axe = readFileSync(join(root, "node_modules", "axe-core", "axe.min.js"), "utf8");
  return await panel.locator("body").evaluate(async (_, source) => {
    // biome-ignore lint/security/noGlobalEval: the checker is our own dependency, run in a test's page.
    globalThis.eval(source);
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }, axe);
}

const textOf = (locator: Locator): Promise<string> => locator.innerText();

describe("the preview in a real editor", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  let panel: FrameLocator;
  let project: string;
  let model: ModelServer;
  const ended: (() => Promise<void>)[] = [];

  after(async () => {
    for (const end of ended) await end();
  });

  before(async () => {
    project = await sampleProject();
    model = await startModel({ after: (close) => void ended.push(close as () => Promise<void>) });
    writeFileSync(join(project, "jiuzhang.yaml"), `endpoints:\n  teacher: { base_url: "${model.url}", model: big }\n`);
    const imported = await cli(["import", "data/seeds.jsonl", "--dataset", "seeds"], { cwd: project });
    assert.equal(imported.code, 0, imported.stderr);
    editor = await startEditor({ project });
    await editor.openFile(TEMPLATE);
    await editor.command("jiuzhang.preview");
    panel = await panelOf(editor);
    await panel.locator(".message").first().waitFor();
  });

  test("it opens beside the template with a seed, and the template keeps the focus", async () => {
    await panel.locator("#seed").filter({ hasText: "seeds" }).waitFor();
    await panel.locator(".message").nth(1).waitFor();
    assert.equal(await panel.locator(".message").count(), 2);
    await panel.locator(".value.block").first().waitFor();
    await until("keys that go into the template", () => typesIntoEditor(editor));
    await panel
      .locator(".foot .told")
      .filter({ hasText: /\d tokens in/ })
      .waitFor();
    await editor.screenshot("preview-dark");
  });

  test("each keystroke is seen, and the focus stays where it is", async () => {
    await editor.goTo(SYSTEM_LINE, 1);
    const system = panel.locator(".message").first();
    for (const letter of "Hello") {
      await editor.typeInEditor(letter);
      assert.equal(await typesIntoEditor(editor), true);
    }
    await system.filter({ hasText: "HelloYou are an experienced teacher" }).waitFor();
    await editor.page.keyboard.press("Control+Z");
    await system.filter({ hasText: /^\s*system\s*You are an experienced teacher/ }).waitFor();
  });

  test("on a broken template the last good preview stays under a banner that leads to the line", async () => {
    const top = (await panel.locator(".message").first().boundingBox())?.y;
    await editor.replaceText(LINES.join("\n").replace("{{ text }}", "{{ text }"));
    const banner = panel.locator(".banner");
    await banner.filter({ hasText: `Line ${VALUE_LINE}:` }).waitFor();
    assert.equal(await panel.locator(".message").count(), 2);
    await until("the messages where they were", async () => (await panel.locator(".message").first().boundingBox())?.y === top);
    await panel
      .locator(".foot")
      .filter({ hasText: `Generate waits for line ${VALUE_LINE}` })
      .waitFor();
    await editor.screenshot("preview-broken-dark");
    await banner.getByRole("button", { name: /Go to line/ }).click();
    await editor.cursorAt(VALUE_LINE);
    await editor.command("File: Revert File");
    await banner.waitFor({ state: "detached" });
  });

  test("a click on a value leads to its expression, a click on the template's text to its line", async () => {
    await editor.command("View: Focus First Editor Group");
    await editor.goTo(1);
    await panel
      .locator(".value.block")
      .first()
      .click({ position: { x: 40, y: 8 } });
    await editor.cursorAt(VALUE_LINE);
    await until("keys that go into the template", () => typesIntoEditor(editor));
    const words = "About the solution:";
    const run = panel.locator(".run").filter({ hasText: words }).first();
    const place = await run.evaluate((element, text) => {
      const node = [...element.childNodes].find((child) => child.textContent?.includes(text));
      const range = element.ownerDocument.createRange();
      const at = node?.textContent?.indexOf(text) ?? 0;
      if (node === undefined) throw new Error("no such text");
      range.setStart(node, at);
      range.setEnd(node, at + 5);
      const box = range.getBoundingClientRect();
      const own = element.getBoundingClientRect();
      return { x: box.x - own.x + box.width / 2, y: box.y - own.y + box.height / 2 };
    }, words);
    await run.click({ position: place, force: true });
    await editor.cursorAt(LINES.indexOf(words) + 1);
  });

  test("the cursor's line is marked", async () => {
    await editor.goTo(VALUE_LINE, 4);
    await panel.locator(".value.hot").waitFor();
    await editor.goTo(SYSTEM_LINE, 1);
    await panel.locator(".value:not(.hot)").first().waitFor();
    const marked = () => panel.locator("body").evaluate("[...(CSS.highlights.get('cursor-line') ?? [])].map(String).join('')").then(String);
    await until("the mark of the system message", async () => (await marked()).startsWith("You are an experienced teacher") || null);
  });

  test("seeds are walked through by keys and buttons, each step once, and found by their text", async () => {
    const seed = panel.locator("#seed");
    await seed.filter({ hasText: /(?<!\d)1\s*of/ }).waitFor();
    await panel.getByRole("button", { name: "Next seed" }).click();
    await seed.filter({ hasText: /2\s*of/ }).waitFor();
    await panel.locator(".panel").first().focus();
    await editor.page.keyboard.press("Alt+ArrowRight");
    await seed.filter({ hasText: /3\s*of/ }).waitFor();
    await editor.page.keyboard.press("Alt+ArrowLeft");
    await seed.filter({ hasText: /2\s*of/ }).waitFor();
    await editor.page.keyboard.press("Alt+L");
    await seed.filter({ hasNotText: /\b2\s*of/ }).waitFor();
    await seed.click();
    await panel.locator("#seed-search:focus").waitFor();
    await editor.page.keyboard.type("ribbon");
    // Enter takes the first, which may still be of the list before.
    await panel
      .getByRole("option")
      .first()
      .filter({ hasText: /fraction of a quantity/ })
      .waitFor();
    await editor.screenshot("preview-picker-dark");
    await editor.page.keyboard.press("Enter");
    await panel.locator(".value.block").filter({ hasText: "A ribbon is" }).waitFor();
    await editor.page.keyboard.press("Escape");
  });

  test("the wire tab shows the body that is sent, and copies it", async () => {
    await panel.locator(".panel").first().focus();
    await editor.page.keyboard.press("Control+2");
    await panel.getByRole("tab", { name: "Wire", selected: true }).waitFor();
    const body = panel.locator("#panel-wire .code").first();
    await body.filter({ hasText: "A ribbon is" }).waitFor();
    const shown = await textOf(body);
    await panel.getByRole("button", { name: "Copy", exact: true }).click();
    await panel.locator(".foot").filter({ hasText: "The body was copied" }).waitFor();
    const copied = String(await editor.page.evaluate("navigator.clipboard.readText()"));
    assert.deepEqual(JSON.parse(copied), JSON.parse(shown));
    await panel.getByRole("button", { name: "Copy as curl" }).click();
    await panel.locator(".foot").filter({ hasText: "The command was copied" }).waitFor();
    assert.match(String(await editor.page.evaluate("navigator.clipboard.readText()")), /^(?:#.*\n)?curl /);
    await editor.screenshot("preview-wire-dark");
  });

  test("F6 walks the areas without leaving the panel, and ? shows the keys", async () => {
    const area = () => panel.locator(":focus").evaluate((element) => element.closest("[data-area]")?.getAttribute("data-area") ?? "");
    const seen = new Set<string>();
    await panel.getByRole("tab", { name: "Wire" }).focus();
    for (let step = 0; step < 5; step++) {
      const here = await area();
      seen.add(here);
      await editor.page.keyboard.press("F6");
      await until("the next area", async () => (await area()) !== here);
    }
    assert.deepEqual([...seen].sort(), ["Contents", "Generate", "Legend", "Seed", "Tabs"]);
    await editor.page.keyboard.press("?");
    await panel.getByRole("dialog").waitFor();
    await editor.screenshot("preview-keys-dark");
    await editor.page.keyboard.press("Escape");
    await panel.getByRole("dialog").waitFor({ state: "detached" });
  });

  test("it follows the active template, stays when pinned, and keeps its scroll and tab over a keystroke", async () => {
    await panel.getByRole("tab", { name: "Messages" }).click();
    await openTemplate(editor, "prompts/base/grade.prompty");
    await panel.locator("h1").filter({ hasText: "Preview of grade.prompty" }).waitFor();
    await panel.locator(".message").filter({ hasText: "Lena's tulips" }).waitFor();
    await panel.getByRole("button", { name: "Pin to this template" }).click();
    await panel.locator(".follows").filter({ hasText: "Pinned" }).waitFor();
    await openTemplate(editor, TEMPLATE);
    await editor.goTo(SYSTEM_LINE, 1);
    assert.equal(await panel.locator("h1").innerText(), "Preview of grade.prompty");
    await panel.getByRole("button", { name: "Pin to this template" }).click();
    await panel.locator(".follows").filter({ hasText: "Follows" }).waitFor();
    await openTemplate(editor, "prompts/base/grade.prompty");
    await openTemplate(editor, TEMPLATE);
    await panel.locator(".message").filter({ hasText: "make students think" }).waitFor();
    const area = panel.locator("#panel-messages[data-area]");
    await area.evaluate((element) => {
      element.scrollTop = 120;
    });
    await editor.goTo(SYSTEM_LINE, 4);
    await editor.typeInEditor("X");
    await panel.locator(".message").filter({ hasText: "YouX" }).waitFor();
    await editor.page.keyboard.press("Control+Z");
    await panel.locator(".message").filter({ hasNotText: "YouX" }).first().waitFor();
    assert.ok((await area.evaluate((element) => element.scrollTop)) <= 120);
  });

  test("a reload brings it back: template, seed, tab and scroll", async () => {
    const before = await textOf(panel.locator("#seed"));
    await panel.getByRole("button", { name: "Next seed" }).click();
    await until("the next seed", async () => (await textOf(panel.locator("#seed"))) !== before);
    await panel.getByRole("tab", { name: "Wire" }).click();
    const seed = await textOf(panel.locator("#seed"));
    await panel.locator("#panel-wire[data-area]").evaluate((element) => {
      element.scrollTop = 60;
    });
    await until("what is kept", async () => {
      const { view } = JSON.parse(await keptOf(panel)) as { view: { tab: string; scroll: { wire?: number } } };
      return view.tab === "wire" && view.scroll.wire === 60;
    });
    await editor.reloadWindow();
    panel = await panelOf(editor);
    await panel.getByRole("tab", { name: "Wire", selected: true }).waitFor();
    await until("the seed of before", async () => (await textOf(panel.locator("#seed"))) === seed || null);
    await until(
      "the scroll of before",
      async () => (await panel.locator("#panel-wire[data-area]").evaluate((element) => element.scrollTop)) === 60 || null,
    );
    await panel.getByRole("tab", { name: "Messages" }).click();
  });

  test("a killed server is said, and the preview goes on with the next one", async () => {
    await openTemplate(editor, TEMPLATE);
    const pid = await editor.serverPid();
    process.kill(pid, "SIGKILL");
    await editor.serverPid(pid);
    await editor.goTo(SYSTEM_LINE, 1);
    await editor.typeInEditor("Anew ");
    await panel.locator(".message").filter({ hasText: "Anew You are" }).waitFor();
    await panel.locator(".banner").waitFor({ state: "detached" });
    await editor.command("File: Revert File");
  });

  test("a template that is deleted says so, and its last preview stays", async () => {
    const file = join(project, "prompts", "short.prompty");
    writeFileSync(file, "user:\nA short one about {{ text }}");
    await openTemplate(editor, "prompts/short.prompty");
    await panel.locator(".message").filter({ hasText: "A short one" }).waitFor();
    // Another template becomes the active one then, and would be followed.
    await panel.getByRole("button", { name: "Pin to this template" }).click();
    await panel.locator(".follows").filter({ hasText: "Pinned" }).waitFor();
    await editor.command("View: Focus First Editor Group");
    await editor.command("View: Close Editor");
    await editor.page.locator(".tab[data-resource-name='short.prompty']").waitFor({ state: "detached" });
    rmSync(file);
    await panel.locator(".banner").filter({ hasText: "short.prompty was deleted" }).waitFor();
    await panel.locator(".message").filter({ hasText: "A short one" }).waitFor();
    writeFileSync(file, "user:\nIt is back: {{ text }}");
    await panel.locator(".message").filter({ hasText: "It is back" }).waitFor();
    await panel.locator(".banner").waitFor({ state: "detached" });
    await panel.getByRole("button", { name: "Pin to this template" }).click();
    await panel.locator(".follows").filter({ hasText: "Follows" }).waitFor();
    await openTemplate(editor, "prompts/base/grade.prompty");
    await openTemplate(editor, TEMPLATE);
    await panel.locator(".message").filter({ hasText: "make students think" }).waitFor();
  });

  test("Ctrl+Enter in the template writes a problem into the panel, which can be kept, and taken back", async () => {
    const behave = model.behave;
    let go = () => {};
    model.behave = (response, request) => {
      const pieces = piecesOf(answerTo(request));
      begin(response, pieces.slice(0, 4));
      go = () => {
        begin(response, pieces.slice(4));
        finish(response);
      };
    };
    await openTemplate(editor, TEMPLATE);
    await editor.goTo(SYSTEM_LINE, 1);
    await editor.page.keyboard.press("Control+Enter");
    const result = panel.locator(".results");
    await result.locator(".writing").filter({ hasText: "Problem" }).waitFor();
    await result.getByRole("button", { name: "Stop" }).waitFor();
    await until("keys that go into the template", () => typesIntoEditor(editor));
    await editor.screenshot("preview-writing-dark");
    go();
    model.behave = behave;
    await result.getByRole("heading", { name: "Solution" }).waitFor();
    await panel.getByRole("tab", { name: /Results\s*1/ }).waitFor();
    await result.getByRole("button", { name: "Keep" }).click();
    await result.locator("[aria-pressed=true]").filter({ hasText: "Keep" }).waitFor();
    await panel.locator(".foot").getByRole("button", { name: "Undo" }).click();
    await result.locator("[aria-pressed=false]").filter({ hasText: "Keep" }).waitFor();
  });

  test("Escape stops what is being written, and what had come is kept", async () => {
    const behave = model.behave;
    model.behave = (response, request) => begin(response, piecesOf(answerTo(request)).slice(0, 4));
    await panel.getByRole("tab", { name: /Results/ }).click();
    await panel.getByRole("tab", { name: /Results/, selected: true }).waitFor();
    await editor.page.keyboard.press("Control+Enter");
    await panel.locator(".writing").waitFor();
    await editor.page.keyboard.press("Escape");
    await panel.locator(".result-head").filter({ hasText: "stopped" }).waitFor();
    model.behave = behave;
    await until("one result", async () => (await panel.locator(".result").count()) === 1);
  });

  for (const theme of ["dark", "light", "hc"] as const)
    test(`axe finds nothing wrong in ${theme}, on any tab`, async () => {
      await editor.setTheme(theme);
      for (const name of ["Wire", "Results", "Messages"]) {
        await panel.getByRole("tab", { name }).click();
        await panel.getByRole("tab", { name, selected: true }).waitFor();
        assert.deepEqual(await violations(panel), []);
        await editor.screenshot(`preview-${name.toLowerCase()}-${theme}`);
      }
    });
});
