import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { withoutEditor } from "./browser.ts";
import { type Editor, startEditor } from "./editor.ts";
import { sampleProject } from "./project.ts";

describe("the packaged extension in a real editor", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  before(async () => {
    editor = await startEditor({ project: await sampleProject() });
  });

  test("its views are in the activity bar", async () => {
    await editor.activity("JiuZhang").click();
    for (const view of ["Datasets", "Endpoints"]) await editor.page.locator(`.pane-header[aria-label^="${view}"]`).waitFor();
    await editor.screenshot("smoke-views");
  });

  test("a template has its language, and its colours", async () => {
    await editor.openFile("prompts/nl/high.prompty");
    await editor.statusBar("Prompty").waitFor();
    const line = (text: string) => editor.page.locator(".editor-group-container.active .view-line").filter({ hasText: text }).first();
    // Colours come a moment after the text: a line that has them is of more than one piece.
    const secondPiece = (text: string) => line(text).locator("span > span").nth(1);
    await secondPiece("description:").waitFor();
    await editor.goTo(25, 1);
    await secondPiece("user:").waitFor();
    await editor.screenshot("smoke-template");
  });

  test("tags close themselves while they are typed", async () => {
    await editor.openFile("prompts/nl/grade.prompty");
    for (const [typed, expected] of [
      ["{{ text", "{{ text}}"],
      ["{% if text", "{% if text%}"],
      ["{# note", "{# note#}"],
      ["it's [0, 1", "it's [0, 1]"],
    ] as const) {
      await editor.goTo(25, 1);
      await editor.page.keyboard.press("Enter");
      await editor.cursorAt(26);
      await editor.page.keyboard.press("ArrowUp");
      await editor.cursorAt(25);
      await editor.typeInEditor(typed);
      await editor.page.locator(".view-line").filter({ hasText: expected }).waitFor();
    }
    await editor.command("File: Revert File");
    await editor.page.locator(".tab.dirty").waitFor({ state: "detached" });
  });

  test("its server runs, and comes again after it was killed", async () => {
    await editor.command("jiuzhang.restartServer");
    const pid = await editor.serverPid();
    process.kill(pid, "SIGKILL");
    assert.notEqual(await editor.serverPid(pid), pid);
  });

  for (const theme of ["light", "hc", "dark"] as const)
    test(`it can be looked at in ${theme}`, async () => {
      await editor.setTheme(theme);
      await editor.screenshot(`smoke-${theme}`);
    });
});
