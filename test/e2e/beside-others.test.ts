import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { withoutEditor } from "./browser.ts";
import { type Editor, startEditor } from "./editor.ts";
import { packageNeighbour } from "./neighbours.ts";
import { sampleProject } from "./project.ts";
import { until } from "./until.ts";

const BROKEN = "---\nname: x\n---\nuser:\nSolve {{ text";

const folder = mkdtempSync(join(tmpdir(), "jz-neighbours-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("beside other extensions for the same files", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  before(async () => {
    const prompty = { name: "prompty", language: "prompty", endings: [".prompty"], says: "another view of the prompt" };
    const yaml = { name: "yaml", language: "yaml", endings: [".yaml", ".yml"], says: "another view of the recipe" };
    editor = await startEditor({
      project: await sampleProject(),
      extensions: [packageNeighbour(folder, prompty), packageNeighbour(folder, yaml)],
    });
  });

  test("both say what they have to say about a template, each under its own name, and ours says it once", async () => {
    await editor.openFile("prompts/nl/high.prompty");
    await editor.replaceText(BROKEN);
    await until("the words of both, once each", async () => {
      const all = await editor.problems();
      const of = (words: string) => all.filter((line) => line.includes(words)).length;
      return of("another view of the prompt") === 1 && of("jiuzhang") === 1;
    });
  });

  test("a template keeps our preview button, and a recipe the words of the other", async () => {
    await editor.page.locator(".editor-actions .codicon-open-preview").first().waitFor();
    await editor.openFile("jiuzhang.yaml");
    await until("the other's words", async () => (await editor.problems()).some((line) => line.includes("another view of the recipe")));
    await editor.page.locator(".editor-actions .codicon-open-preview").first().waitFor({ state: "detached" });
  });
});
