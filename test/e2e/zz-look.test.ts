import { before, describe, test } from "node:test";
import { withoutEditor } from "./browser.ts";
import { type Editor, startEditor } from "./editor.ts";
import { sampleProject } from "./project.ts";

describe("look", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  before(async () => {
    editor = await startEditor({ project: await sampleProject() });
  });
  test("views", async () => {
    await editor.activity("JiuZhang").click();
    for (let i = 0; i < 12; i++) {
      await editor.page.waitForTimeout(2500);
      const t = await editor.treeRows("Templates").count();
      const d = await editor.treeRows("Datasets").allInnerTexts();
      console.log(i, t, d, await editor.page.locator(".pane .monaco-progress-container.active").count());
      if (t > 0 && d.length > 0) break;
    }
  });
});
