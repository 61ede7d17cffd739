import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { withoutEditor } from "./browser.ts";
import { corpusProject } from "./corpus-project.ts";
import { type Editor, startEditor } from "./editor.ts";
import { until } from "./until.ts";

const TIMES = 15;

describe("panels that are opened and closed again and again", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  let pid: number;
  before(async () => {
    editor = await startEditor({ project: await corpusProject({ rows: 20, made: 0 }), settings: { "jiuzhang.trace.server": "messages" } });
    await editor.activity("JiuZhang").click();
    await editor.openFile("prompts/nl/high.prompty");
    pid = await editor.serverPid();
  });
  const asked = (words: string) => editor.logs().split(words).length - 1;
  const webviews = () => editor.page.locator("iframe.webview");

  /** Opens a panel, waits until it shows something, and closes it. */
  const openAndClose = async (title: string, open: () => Promise<void>, shows: string) => {
    await open();
    const panel = await editor.webview(new RegExp(title));
    await panel.locator(shows).first().waitFor();
    const tab = editor.page.locator(".tab").filter({ hasText: title });
    await tab.click({ button: "middle" });
    await tab.waitFor({ state: "detached" });
    await webviews().waitFor({ state: "detached" });
  };

  test(`${TIMES} panels of a dataset leave nothing behind`, async () => {
    const row = editor.treeRows("Datasets").filter({ hasText: "clean" });
    for (let time = 0; time < TIMES; time++) await openAndClose("clean", () => row.click(), ".row[role=option]");
    assert.equal(await editor.serverPid(), pid);
  });

  test(`${TIMES} previews leave nothing behind: a keystroke is rendered for none of them`, async () => {
    const button = editor.page.locator(".editor-actions .codicon-open-preview").first();
    for (let time = 0; time < TIMES; time++) await openAndClose("Preview", () => button.click(), ".message");
    const [renderings, changes] = [asked("jiuzhang/preview/render"), asked("textDocument/didChange")];
    assert.ok(renderings >= TIMES);
    await editor.goTo(1, 1);
    await editor.typeInEditor("x");
    await until("the keystroke at the server", () => asked("textDocument/didChange") > changes);
    await editor.page
      .locator("[id='status.problems']")
      .filter({ hasNotText: /^\s*0\s*0\s*$/ })
      .waitFor();
    assert.equal(asked("jiuzhang/preview/render"), renderings);
  });

  test("nobody has complained, and the server is the same", async () => {
    assert.equal(await editor.serverPid(), pid);
    for (const words of [/is disposed/i, /LEAK/, /unhandled/i]) assert.doesNotMatch(editor.logs(), words);
  });
});
