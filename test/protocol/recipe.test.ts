import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CompletionItem, DocumentSymbol, Location, TextEdit, WorkspaceEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { STUDY } from "../../server/src/recipe/study.fixture.ts";
import { folder, startServer } from "./harness.ts";

test("what is wrong among the steps stands at its place while it is typed", async (t) => {
  const server = await startServer(t);
  const uri = folder(t).uri("jiuzhang.yaml");
  server.open(uri, STUDY, "yaml");
  assert.deepEqual(await server.diagnostics(uri), []);
  const lines = STUDY.split("\n");
  const line = lines.findIndex((text) => text.includes("base: deepseek"));
  const start = (lines[line] as string).indexOf("deepseek-ai");
  const range = { start: { line, character: start }, end: { line, character: start + "deepseek-ai/deepseek-math-7b-rl".length } };
  server.edit(uri, range, "steps.teach");
  const [found, ...others] = await server.diagnostics(uri);
  assert.deepEqual(others, []);
  assert.deepEqual(found?.range, { start: range.start, end: { line, character: start + "steps.teach".length } });
  assert.match(String(found?.message), /steps\.teach gives rows, and “base” wants a model\. /);
  server.change(uri, `${STUDY}  again: { verb: verify, data: steps.agai }\n`);
  assert.match(String((await server.diagnostics(uri))[0]?.message), /There is no step “agai”\. Did you mean “steps\.again”\?/);
  server.change(uri, STUDY);
  assert.deepEqual(await server.diagnostics(uri), []);
});

/** The text without its mark |, and the position of the mark. */
function marked(text: string): { text: string; position: { line: number; character: number } } {
  const at = text.indexOf("|");
  assert.notEqual(at, -1);
  const before = text.slice(0, at).split("\n");
  return {
    text: text.slice(0, at) + text.slice(at + 1),
    position: { line: before.length - 1, character: (before.at(-1) as string).length },
  };
}

/** A study to which a step is added, in which | is the cursor. */
const withStep = (settings: string): string => `${STUDY}  x: ${settings}\n`;

async function editor(t: TestContext) {
  const server = await startServer(t);
  const uri = folder(t).uri("jiuzhang.yaml");
  server.open(uri, "", "yaml");
  const ask = async <T>(method: string, source: string, more: object = {}): Promise<T> => {
    const { text, position } = marked(source);
    server.change(uri, text);
    return (await server.raw(`textDocument/${method}`, { textDocument: { uri }, position, ...more })) as T;
  };
  /** The proposals in their order. */
  const complete = async (source: string): Promise<string[]> => {
    const items = (await ask<CompletionItem[] | null>("completion", source)) ?? [];
    return items.toSorted((a, b) => String(a.sortText).localeCompare(String(b.sortText))).map(({ label }) => label);
  };
  /** The text after the first proposal of this label was taken. */
  const take = async (source: string, label: string): Promise<string> => {
    const items = await ask<CompletionItem[]>("completion", source);
    const { text } = marked(source);
    const edit = items.find((item) => item.label === label)?.textEdit as TextEdit;
    return TextDocument.applyEdits(TextDocument.create(uri, "yaml", 1, text), [edit]);
  };
  return { server, uri, ask, complete, take };
}

test("settings are offered where one begins, those that are needed first and those that are written not again", async (t) => {
  const { ask, complete, take } = await editor(t);
  const settings = await complete(withStep("{ verb: synthesize, seeds: a, | }"));
  assert.deepEqual(settings.slice(0, 2), ["prompts", "sample"]);
  assert.ok(settings.includes("budget") && !settings.includes("seeds") && !settings.includes("verb") && !settings.includes("base"));
  assert.equal(await take(withStep("{ verb: synthesize, sam| }"), "sample"), withStep("{ verb: synthesize, sample:  }"));
  assert.equal(await take(withStep("{ verb: synthesize, sam|: 5 }"), "sample"), withStep("{ verb: synthesize, sample: 5 }"));
  const items = await ask<CompletionItem[]>("completion", withStep("\n    verb: train\n    |\n    base: m"));
  assert.match(JSON.stringify(items.find(({ label }) => label === "epochs")?.documentation), /Passes over the data/);
  assert.ok(!items.some(({ label }) => label === "base"));
  assert.deepEqual(await complete(withStep("\n    |")), ["verb"]);
  assert.deepEqual(await complete(withStep("\n    verb: train\n    schedule:\n      |")), ["kind", "warmup", "stable", "floor"]);
  assert.deepEqual(await complete(withStep("{ verb: synthesize, seeds: { | } }")), ["from", "top", "where"]);
  assert.deepEqual((await complete(withStep("\n    verb: train\n    data:\n      - |"))).slice(-4), ["from", "where", "limit", "columns"]);
  assert.deepEqual(await complete("|\nhosts: {}\n"), ["endpoints", "steps"]);
  assert.deepEqual((await complete("hosts:\n  box:\n    |")).slice(0, 2), ["ssh", "root"]);
  assert.deepEqual((await complete("endpoints:\n  a:\n    embedded: true\n    |")).slice(0, 2), ["model", "limits"]);
  assert.deepEqual(await complete("steps:\n  # |"), []);
  assert.deepEqual(await complete("steps:\n  |"), []);
});

test("values are offered by what fits: verbs, steps with the right result, names, words and templates", async (t) => {
  const { complete, take } = await editor(t);
  assert.deepEqual(await complete(withStep("{ verb: | }")), [
    "import",
    "synthesize",
    "train",
    "influence",
    "verify",
    "evaluate",
    "export",
    "run",
  ]);
  assert.deepEqual(await complete(withStep("{ verb: train, base: st| }")), ["steps.writer-1", "steps.writer", "steps.student"]);
  assert.deepEqual(await complete(withStep("{ verb: synthesize, seeds: | }")), ["steps.seeds"]);
  assert.deepEqual(await complete(withStep("{ verb: synthesize, seeds: { from: steps.| } }")), ["steps.seeds", "steps.value"]);
  assert.equal(await take(withStep("{ verb: train, base: steps.wri| }"), "steps.writer"), withStep("{ verb: train, base: steps.writer }"));
  assert.deepEqual(await complete(withStep("{ verb: synthesize, endpoint: | }")), ["teacher", "small"]);
  assert.deepEqual(await complete(withStep("{ verb: synthesize, host: | }")), ["here", "box", "cluster"]);
  assert.deepEqual(await complete(withStep("{ verb: train, preset: | }")), ["plain", "synthesizer", "student"]);
  assert.deepEqual(await complete(withStep("{ verb: synthesize, prompts: | }")), [
    "prompts/**/*.prompty",
    "prompts/nl/*.prompty",
    "prompts/tool/*.prompty",
  ]);
  assert.deepEqual(await complete(withStep("{ verb: evaluate, styles: [ cot, | ] }")), ["cot", "tool"]);
  assert.equal((await complete(withStep("{ verb: train, data: { from: d, where: | } }")))[0], "accepted");
  assert.deepEqual(await complete(withStep("{ verb: synthesize, frozen: | }")), ["true", "false"]);
  const data = await complete(withStep("\n    verb: train\n    data:\n      - steps.|"));
  assert.ok(data.includes("steps.taught") && data.includes("steps.corpus") && !data.includes("steps.seeds"));
  // The rest of the file may be unfinished, too.
  assert.deepEqual(await complete(`${STUDY}  y: { verb: train, base: steps.|\n`), ["steps.writer-1", "steps.writer", "steps.student"]);
});

test("a setting, a verb and a name say what they are", async (t) => {
  const { ask } = await editor(t);
  const hover = async (source: string) => {
    const found = await ask<{ contents: { value: string }; range: unknown } | null>("hover", source);
    return found?.contents.value ?? null;
  };
  assert.match(
    String(await hover(withStep("{ verb: synthesize, sam|ple: 5 }"))),
    /^\*\*sample\*\* Only so many of the seeds[\s\S]*`sample: 5300`$/,
  );
  assert.match(String(await hover(withStep("{ verb: train, pre|set: student }"))), /Unless told: `plain`/);
  assert.match(String(await hover(withStep("{ verb: ver|ify }"))), /^\*\*verify\*\* Checks every row/);
  const step = String(await hover(withStep("{ verb: verify, data: steps.bo|ost }")));
  assert.match(step, /`steps\.boost`\*\* synthesize: gives rows[\s\S]*Uses `steps\.value`\. Used 2 times\.$/);
  assert.match(
    String(await hover(withStep("{ verb: synthesize, endpoint: tea|cher }"))),
    /`gpt-4o` at `https:\/\/api\.openai\.com\/v1`\. 2\.5 and 10 per million/,
  );
  assert.match(String(await hover(withStep("{ verb: train, host: clu|ster }"))), /`login1` by ssh, through Slurm/);
  assert.match(String(await hover("endpoints:\n  small: { embe|dded: true }\n")), /Serve a small model from this machine/);
  assert.equal(await hover("endpoints:\n  small: { embedded: true } # no|te\n"), null);
  assert.equal(await hover("steps:\n  a: { verb: import, from: x, fr: [[b|]] }\n"), null);
  // What a recipe says is never a link or markup of ours.
  const evil = await hover("endpoints:\n  ev|il: { base_url: 'http://h/`[a](command:x)`', model: '[x](command:y)' }\n");
  assert.ok(!/[^`]\[x\]/.test(String(evil)), String(evil));
});

test("a name leads to its declaration and to every use, and is changed everywhere at once", async (t) => {
  const { ask, server, uri } = await editor(t);
  const lines = STUDY.split("\n");
  const line = (start: string) => lines.findIndex((text) => text.startsWith(start));
  const at = (name: string, place: "declared" | "used"): string =>
    place === "declared" ? STUDY.replace(`  ${name}:`, `  ${name}|:`) : STUDY.replace(`steps.${name}`, `steps.${name}|`);
  const definition = await ask<Location>("definition", at("taught", "used"));
  assert.deepEqual(definition.range, { start: { line: line("  taught:"), character: 2 }, end: { line: line("  taught:"), character: 8 } });
  const references = await ask<Location[]>("references", at("taught", "declared"), { context: { includeDeclaration: false } });
  assert.deepEqual(
    references.map(({ range }) => range.start.line),
    [line("  writer-1:"), line("  writer:")],
  );
  const teacher = await ask<Location[]>("references", STUDY.replace("endpoint: teacher", "endpoint: tea|cher"), {
    context: { includeDeclaration: true },
  });
  assert.deepEqual(
    teacher.map(({ range }) => range.start.line),
    [line("  teacher:"), line("  teach:"), line("  boost:")],
  );
  const host = await ask<Location>("definition", STUDY.replace("host: cluster", "host: clus|ter"));
  assert.equal(host.range.start.line, line("  cluster:"));
  // On “steps.” itself, too; on a path or a number there is nothing to go to.
  assert.equal(
    (await ask<Location>("definition", STUDY.replace("data: steps.teach", "data: st|eps.teach"))).range.start.line,
    line("  teach:"),
  );
  assert.equal(await ask("definition", STUDY.replace("sample: 5300", "sample: 53|00")), null);

  const renamed = await ask<WorkspaceEdit>("rename", at("taught", "used"), { newName: "checked" });
  const text = TextDocument.applyEdits(TextDocument.create(uri, "yaml", 1, STUDY), renamed.changes?.[uri] ?? []);
  assert.equal(text, STUDY.replaceAll("steps.taught", "steps.checked").replace("  taught: ", "  checked: "));
  server.change(uri, text);
  assert.deepEqual(await server.diagnostics(uri), []);
  await assert.rejects(ask("rename", at("taught", "used"), { newName: "teach" }), /There is “teach” already/);
  await assert.rejects(ask("rename", at("taught", "used"), { newName: "two words" }), /letters, digits/);
  await assert.rejects(ask("rename", at("taught", "used"), { newName: "null" }), /YAML reads “null” as something else/);
  const unread = at("taught", "used").replace("verb: evaluate", "verb: evalute");
  await assert.rejects(ask("rename", unread, { newName: "checked" }), /step in line \d+ cannot be read/);
  assert.equal(await ask("prepareRename", STUDY.replace("here:    ", "he|re:    ")), null);
});

test("the outline has the parts with what each declares; of other documents nothing is said", async (t) => {
  const { ask, server } = await editor(t);
  const symbols = await ask<DocumentSymbol[]>("documentSymbol", `${STUDY}|`);
  assert.deepEqual(
    symbols.map(({ name, children }) => [name, children?.length]),
    [
      ["endpoints", 2],
      ["hosts", 3],
      ["steps", 13],
    ],
  );
  assert.deepEqual(
    symbols[2]?.children?.slice(0, 2).map(({ name, detail }) => [name, detail]),
    [
      ["seeds", "import"],
      ["teach", "synthesize"],
    ],
  );
  const other = folder(t).uri("other.yaml");
  server.open(other, "steps: {}\n", "yaml");
  for (const method of ["completion", "hover", "documentSymbol", "definition"])
    assert.equal(
      await server.raw(`textDocument/${method}`, { textDocument: { uri: other }, position: { line: 0, character: 1 } }),
      null,
      method,
    );
});

test("whatever half a recipe is typed, every question is answered", async (t) => {
  const { server, uri } = await editor(t);
  const cuts = [0, 5, 37, 160, 333, 520, 700, 901, 1200, 1777, 2300, STUDY.length - 3];
  for (const cut of cuts)
    for (const tail of ["", "\n", "{", "[", "steps.", ": "]) {
      const text = STUDY.slice(0, cut) + tail;
      server.change(uri, text);
      const before = text.split("\n");
      const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
      for (const method of ["completion", "hover", "definition", "documentSymbol", "prepareRename"])
        await server.raw(`textDocument/${method}`, { textDocument: { uri }, position });
      await server.raw("textDocument/references", { textDocument: { uri }, position, context: { includeDeclaration: true } });
    }
});
