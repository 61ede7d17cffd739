import { before, describe, test } from "node:test";
import { withoutEditor } from "./browser.ts";
import { corpusProject } from "./corpus-project.ts";
import { type Editor, startEditor } from "./editor.ts";

const STEPS = ["Open the sample project", "See what a template asks", "Write a problem", "Look at what came out"];

describe("the walkthrough in a real editor", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  before(async () => {
    editor = await startEditor({ project: await corpusProject({ rows: 5, made: 0 }) });
  });
  const step = (title: string) => editor.page.locator(".getting-started-step").filter({ hasText: title });

  test("its four steps can be read, each with its button", async () => {
    await editor.command("Welcome: Open Walkthrough...");
    await editor.pick("Write your first math problems");
    for (const title of STEPS) {
      await step(title).click();
      await step(title).and(editor.page.locator(".expanded")).waitFor();
      await step(title).locator(".button-container .monaco-button").first().waitFor();
    }
    await editor.screenshot("walkthrough");
  });

  test("a button of a step does what it says, and the step is done", async () => {
    const [, , , browse = ""] = STEPS;
    await step(browse).locator(".monaco-button").filter({ hasText: "Open Dataset" }).click();
    await editor.pick("clean");
    const panel = await editor.webview("clean");
    await panel.locator(".row[role=option]").filter({ hasText: "Case 1:" }).waitFor();
    await editor.page.locator(".tab").filter({ hasText: "Welcome" }).click();
    await step(browse).locator(".codicon-getting-started-step-checked").waitFor();
  });
});
