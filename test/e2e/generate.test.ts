import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Row } from "#protocol/corpus.ts";
import { cli, startCli } from "../cli/harness.ts";
import { prepareEngine } from "../engine/prepared.ts";
import { answerTo, begin, finish, type ModelServer, piecesOf, startModel } from "../protocol/model-server.ts";
import { withoutEditor } from "./browser.ts";
import { selected } from "./documents.ts";
import { type Editor, startEditor } from "./editor.ts";
import { quickInput, quickPickRows } from "./palette.ts";
import { sampleProject } from "./project.ts";
import { until } from "./until.ts";

const TEMPLATE = "prompts/nl/grade.prompty";

/** A sample project whose seeds are imported, with a recipe. */
async function projectWith(recipe: string | null): Promise<string> {
  const project = await sampleProject();
  if (recipe !== null) writeFileSync(join(project, "jiuzhang.yaml"), recipe);
  const imported = await cli(["import", "data/seeds.jsonl", "--dataset", "seeds"], { cwd: project });
  assert.equal(imported.code, 0, imported.stderr);
  return project;
}

const rowsOf = async (project: string, dataset: string) =>
  (await cli(["--json", "list", dataset], { cwd: project })).objects() as unknown as Row[];

/** The lines of the editor whose tab has this title, visible part. */
const textOf = (editor: Editor, title: string | RegExp) =>
  editor.page
    .locator(".editor-group-container")
    .filter({ has: editor.page.locator(".tab.active").filter({ hasText: title }) })
    .locator(".view-lines")
    .first();

const focusedEditor = (editor: Editor) => editor.page.locator(".editor-group-container.active .tab.active");

describe("generation against a model server", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  let project: string;
  let model: ModelServer;

  const ended: (() => Promise<void>)[] = [];
  after(async () => {
    for (const close of ended) await close();
  });

  before(async () => {
    model = await startModel({ after: (close) => ended.push(close) });
    project = await projectWith(`endpoints:\n  teacher: { base_url: "${model.url}", model: big }\n`);
    editor = await startEditor({ project });
    await editor.openFile(TEMPLATE);
  });

  test("from the palette: seeds and a number are asked for, the text streams beside the template, which keeps the focus", async () => {
    const open: (() => void)[] = [];
    const behave = model.behave;
    model.behave = (response, request) => {
      begin(response, piecesOf(answerTo(request)).slice(0, 4));
      open.push(() => {
        begin(response, piecesOf(answerTo(request)).slice(4));
        finish(response);
      });
    };
    await editor.command("jiuzhang.generate");
    await editor.pick("seeds");
    await editor.answer("2");
    const text = textOf(editor, /Untitled-1|Problems from/);
    await text.filter({ hasText: "Problem" }).waitFor();
    await editor.notifications.filter({ hasText: "Writing 2 problems" }).waitFor();
    await editor.statusBar(/Writing 2 problems/).waitFor();
    await focusedEditor(editor).filter({ hasText: "grade.prompty" }).waitFor();
    await editor.screenshot("generate-stream");
    await until("two questions", () => open.length === 2);
    for (const end of open) end();
    model.behave = behave;
    await editor.statusBar(/2 generated, 2 accepted/).waitFor();
    await focusedEditor(editor).filter({ hasText: "grade.prompty" }).waitFor();
    const written = async () => (await text.innerText()).replace(/\s+/g, " ");
    await until("the last line", async () => /2 problems came, 2 accepted, in dataset scratch/.test(await written()));
    for (const question of model.questions) {
      const words = answerTo(question).split("\n")[1]?.slice(0, 40) ?? "nothing";
      await until(`“${words}”`, async () => (await written()).includes(words));
    }
    assert.equal((await rowsOf(project, "scratch")).length, 2);
    assert.equal(await editor.page.locator(".tab").filter({ hasText: "Untitled-1" }).count(), 1);
    await editor.screenshot("generate-done");
  });

  test("the line in the status bar leads to the dataset", async () => {
    // A run of its own: the line of an earlier one may have gone.
    await editor.command("jiuzhang.generate");
    await editor.pick("seeds");
    await editor.answer("3");
    await editor.statusBar(/3 generated, 3 accepted/).click();
    const panel = await editor.webview(/scratch/);
    await panel
      .getByText(/A gardener plants/)
      .first()
      .waitFor();
    await editor.screenshot("generate-rows");
    await editor.openFile(TEMPLATE);
  });

  test("selected text becomes a seed that remembers its lines", async () => {
    writeFileSync(join(project, "notes.md"), "# Notes\n\nA prime has exactly two divisors.\n");
    await editor.openFile("notes.md");
    await editor.goTo(3, 1);
    await editor.page.keyboard.press("Shift+End");
    await selected(editor.page);
    await editor.command("jiuzhang.generateFromSelection");
    await quickPickRows(editor.page).filter({ hasText: "grade.prompty" }).first().waitFor();
    await editor.pick(/prompts\/nl\/grade\.prompty/);
    await editor.answer("1");
    await editor.statusBar(/1 generated, 1 accepted/).waitFor();
    assert.match(JSON.stringify(model.questions.at(-1)?.body), /A prime has exactly two divisors/);
    const rows = await rowsOf(project, "selections");
    assert.deepEqual(
      rows.map(({ text }) => text),
      ["A prime has exactly two divisors."],
    );
  });

  test("cancelled from its message: what had come is kept", async () => {
    const behave = model.behave;
    let first = true;
    const open: ServerResponse[] = [];
    model.behave = (response, request) => {
      if (first) behave(response, request);
      else begin(response, piecesOf(answerTo(request)).slice(0, 3));
      first = false;
      open.push(response);
    };
    const before = (await rowsOf(project, "scratch")).length;
    await editor.openFile(TEMPLATE);
    await editor.command("jiuzhang.generate");
    await editor.pick("seeds");
    await editor.answer("3");
    await until("three questions", () => open.length === 3);
    await editor.pressNotification(/Writing 3 problems/, "Cancel");
    await editor.notifications.filter({ hasText: "Writing 3 problems" }).waitFor({ state: "detached" });
    model.behave = behave;
    await until("the row that had come", async () => (await rowsOf(project, "scratch")).length === before + 1);
  });

  test("a run that is expected to cost more than the setting asks first", async () => {
    const asked = model.questions.length;
    writeFileSync(
      join(project, "jiuzhang.yaml"),
      `endpoints:\n  teacher: { base_url: "${model.url}", model: big, price: { prompt: 10, completion: 1000 } }\n`,
    );
    await editor.openFile(TEMPLATE);
    await editor.command("jiuzhang.generate");
    await editor.pick("seeds");
    await editor.page
      .locator(".quick-input-widget:visible")
      .filter({ hasText: /One costs about \$/ })
      .waitFor();
    await editor.answer("500");
    const dialog = editor.page.locator(".monaco-dialog-box");
    await dialog.filter({ hasText: /500 problems will cost about \$/ }).waitFor();
    await editor.screenshot("generate-price");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal(model.questions.length, asked);
    writeFileSync(join(project, "jiuzhang.yaml"), `endpoints:\n  teacher: { base_url: "${model.url}", model: big }\n`);
  });

  test("a job of the terminal is announced, also after a reload, and stopped", async () => {
    const behave = model.behave;
    const held: ServerResponse[] = [];
    let answers = 0;
    model.behave = (response, request) => {
      if (answers++ < 3) behave(response, request);
      else held.push(response);
    };
    const args = ["--json", "generate", "--template", TEMPLATE, "--seeds", "data/seeds.jsonl", "--count", "20", "--dataset", "large"];
    const terminal = startCli(args, { cwd: project });
    await until("the job's questions", () => held.length > 0);
    await editor.reload();
    await editor.activity("JiuZhang").click();
    await editor.statusBar(/Writing into large: \d+ of 20/).waitFor();
    await editor.treeRows("Datasets").filter({ hasText: "large" }).waitFor();
    await editor.screenshot("generate-announced");
    await editor.command("jiuzhang.stopGeneration");
    await editor.statusBar(/Writing into large/).waitFor({ state: "detached" });
    const { code } = await terminal.ended;
    assert.equal(code, 130);
    model.behave = behave;
  });

  test("an endpoint that is gone is told with what to do", async () => {
    await model.close();
    await editor.openFile(TEMPLATE);
    await editor.command("jiuzhang.generate");
    await editor.pick("seeds");
    await editor.answer("1");
    await editor.notifications.filter({ hasText: /cannot be reached|nothing listens/ }).waitFor();
    await editor.screenshot("generate-unreachable");
    await quickInput(editor.page).waitFor({ state: "detached" });
  });
});

const prepared = await prepareEngine();
const withoutEngine = typeof prepared === "string" ? prepared : false;

describe("generation with the embedded model", { skip: (await withoutEditor()) || withoutEngine }, () => {
  let editor: Editor;
  let project: string;

  before(async () => {
    project = await projectWith(null);
    // Short answers: the model is asked for its own sake, not for mathematics.
    const file = join(project, "prompts/nl/grade.prompty");
    writeFileSync(file, readFileSync(file, "utf8").replace("maxOutputTokens: 2048", "maxOutputTokens: 48"));
    editor = await startEditor({ project, env: { JIUZHANG_ENGINE_THREADS: "1" } });
    await editor.openFile(TEMPLATE);
    await editor.command("jiuzhang.preview");
  });

  test("from the preview: its text streams, and its row is in the dataset", async () => {
    const panel = await editor.webview(/Preview/);
    const button = panel.getByRole("button", { name: /Generate/ }).first();
    await button.click();
    await until("a row", async () => (await rowsOf(project, "scratch")).length === 1, 300_000);
    await editor.screenshot("generate-embedded");
    const [row] = await rowsOf(project, "scratch");
    assert.equal(row?.verdicts.length, 4);
  });

  test("from the palette while its preview is open: with the preview's seed, into the preview", async () => {
    await editor.command("jiuzhang.generate");
    await editor.pick("The seed of the preview");
    await editor.answer("1");
    await until("another row", async () => (await rowsOf(project, "scratch")).length === 2, 300_000);
    const panel = await editor.webview(/Preview/);
    await panel.getByText(/Results\s*2/).waitFor();
    assert.equal(await editor.page.locator(".tab").filter({ hasText: "Untitled" }).count(), 0);
    await editor.screenshot("generate-preview");
  });
});
