import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { KEY, type ModelServer, startModel } from "../protocol/model-server.ts";
import { withoutEditor } from "./browser.ts";
import { focusedText } from "./documents.ts";
import { type Editor, startEditor } from "./editor.ts";
import { quickInput, quickPickRows } from "./palette.ts";
import { sampleProject } from "./project.ts";
import { until } from "./until.ts";

const title = (editor: Editor, words: string | RegExp) =>
  editor.page.locator(".quick-input-widget:visible .quick-input-title").filter({ hasText: words });
const message = (editor: Editor, words: RegExp) =>
  editor.page.locator(".quick-input-widget:visible .quick-input-message").filter({ hasText: words });

/** Answers the input box whose title is this. */
async function say(editor: Editor, box: string | RegExp, text: string): Promise<void> {
  await title(editor, box).waitFor();
  await editor.answer(text);
}

/** Picks from the list whose title is this. */
async function choose(editor: Editor, list: string | RegExp, row: string | RegExp): Promise<void> {
  await title(editor, list).waitFor();
  await editor.pick(row);
}

describe("endpoints in a real editor", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  let project: string;
  let keyed: ModelServer;
  const recipe = () => readFileSync(join(project, "jiuzhang.yaml"), "utf8");
  const tree = () => editor.treeRows("Endpoints");

  const ended: (() => Promise<void>)[] = [];
  after(async () => {
    for (const close of ended) await close();
  });

  before(async () => {
    keyed = await startModel({ after: (close) => ended.push(close) }, { key: KEY });
    project = await sampleProject();
    editor = await startEditor({ project });
    await editor.activity("JiuZhang").click();
    await tree().filter({ hasText: "small" }).waitFor();
  });

  test("an endpoint is added by a few questions: the wrong key is told and changed, and nothing of it is in a file", async () => {
    const before = recipe();
    await editor.command("jiuzhang.addEndpoint");
    await title(editor, "Add endpoint").waitFor();
    await quickPickRows(editor.page).filter({ hasText: "OpenAI" }).first().waitFor();
    await editor.screenshot("endpoint-sources");
    await editor.pick("Another address");
    await title(editor, "Address of the server").waitFor();
    await quickInput(editor.page).fill("127.0.0.1");
    await message(editor, /Begin with http/).waitFor();
    await editor.answer(keyed.url);
    await say(editor, "API key of", "not-the-key-0123456789");
    await choose(editor, /refuses the key/, "Change the key");
    await title(editor, "API key of").waitFor();
    await quickInput(editor.page).and(editor.page.locator("[type=password]")).waitFor();
    await editor.screenshot("endpoint-key");
    await editor.answer(KEY);
    await choose(editor, "Model", "small");
    await title(editor, "Name of the endpoint").waitFor();
    await until("a name", async () => (await quickInput(editor.page).inputValue()) === "local");
    await editor.answer("lab");
    await editor.statusBar(/Endpoint “lab” is added: lab answers in/).waitFor();
    const added = `  lab:\n    base_url: ${keyed.url}\n    model: small\n    api_key: { secret: lab }\n`;
    assert.ok(recipe().includes(added), recipe());
    assert.equal(recipe().replace(added, ""), before, "every other line is as it was");
    await tree().filter({ hasText: "lab" }).waitFor();
    assert.ok(!editor.logs().includes(KEY));
    await editor.screenshot("endpoint-added");
  });

  test("its key is in the editor's storage: it answers again after a reload", async () => {
    await editor.reload();
    // The side bar comes back as it was.
    await tree().filter({ hasText: "lab" }).waitFor();
    await editor.command("jiuzhang.testEndpoint");
    await choose(editor, "Test endpoint", "lab");
    await editor.statusBar(/lab answers in .* s/).waitFor();
  });

  test("a key is removed after a question, and set again", async () => {
    await editor.command("jiuzhang.removeKey");
    const dialog = editor.page.locator(".monaco-dialog-box");
    await dialog.filter({ hasText: "Remove the key “lab”" }).waitFor();
    await dialog.getByRole("button", { name: "Remove" }).click();
    await editor.statusBar(/Key “lab” is removed/).waitFor();
    await tree().filter({ hasText: "lab" }).filter({ hasText: "key missing" }).waitFor();
    await editor.command("jiuzhang.testEndpoint");
    await choose(editor, "Test endpoint", "lab");
    await editor.notifications.filter({ hasText: /key.*not set/ }).waitFor();
    await editor.screenshot("endpoint-no-key");
    await editor.pressNotification(/key.*not set/, "Set API Key…");
    await say(editor, "lab: key “lab”", KEY);
    await editor.statusBar(/Key “lab” is stored; lab answers/).waitFor();
  });

  test("where the recipe has unsaved changes the endpoint is put there, and can be undone", async () => {
    const saved = recipe();
    await editor.openFile("jiuzhang.yaml");
    await editor.goTo(1, 1);
    await editor.typeInEditor("# mine");
    await editor.page.keyboard.press("Enter");
    await editor.cursorAt(2);
    await editor.command("jiuzhang.addEndpoint");
    await editor.pick("Embedded model");
    await choose(editor, "Add embedded model", "comes with the program");
    await say(editor, "Name of the endpoint", "tiny");
    const installed = editor.notifications.filter({ hasText: "unsaved changes" });
    await until("the end of the questions", async () => {
      if (await installed.isVisible()) return true;
      const later = quickPickRows(editor.page).filter({ hasText: "Later" });
      if (await later.isVisible()) await later.click();
      return false;
    });
    assert.equal(recipe(), saved);
    const text = editor.page.locator(".editor-group-container.active .view-lines");
    await text.filter({ hasText: "tiny:" }).waitFor();
    await editor.screenshot("endpoint-unsaved");
    await editor.page.keyboard.press("Control+1");
    await focusedText(editor.page).waitFor();
    await editor.page.keyboard.press("Control+Z");
    await until("the undone edit", async () => {
      const lines = (await text.innerText()).replace(/\u00a0/g, " ");
      return !lines.includes("tiny:") && lines.includes("# mine");
    });
    await editor.command("File: Revert File");
    await editor.page.locator(".tab.dirty").waitFor({ state: "detached" });
  });

  test("what is wrong in the recipe is underlined, and told in the tree", async () => {
    writeFileSync(join(project, "jiuzhang.yaml"), `${recipe()}  odd: { base_url: nowhere, model: m }\n`);
    await tree().filter({ hasText: "odd" }).waitFor();
    await editor.openFile("jiuzhang.yaml");
    await until("the problem of the recipe", async () => (await editor.problems()).some((line) => /“base_url” must be/.test(line)));
    await editor.screenshot("recipe-problems");
  });

  test("an endpoint that does not answer can be saved all the same", async () => {
    await editor.command("jiuzhang.addEndpoint");
    await editor.pick("Another address");
    await say(editor, "Address of the server", "http://127.0.0.1:9/v1");
    await say(editor, "API key of", "");
    await choose(editor, /cannot be reached/, "Go on without");
    await say(editor, "Model", "m");
    await say(editor, "Name of the endpoint", "later");
    await choose(editor, /cannot be reached/, "Save it anyway");
    await editor.statusBar(/Endpoint “later” is added/).waitFor();
    assert.match(recipe(), / {2}later:\n {4}base_url: http:\/\/127\.0\.0\.1:9\/v1\n {4}model: m\n/);
  });
});
