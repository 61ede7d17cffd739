import assert from "node:assert/strict";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Row } from "#protocol/corpus.ts";
import { AppError, type Problem } from "#protocol/errors.ts";
import { ROW_MAX_BYTES } from "#protocol/limits.ts";
import { hydrate } from "../../server/src/corpus/hydrate.ts";
import { sourceOf } from "../../server/src/corpus/source.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { rebuild } from "../../server/src/ingest/rebuild.ts";
import { openWriter } from "../../server/src/store/open.ts";
import { sharedDataDir, withoutSharedData } from "../shared-data.ts";
import { contextOf, dump, indexOf, lines, put, ruleOf, scratch } from "./harness.ts";

/** Imports one file with a content and tells what came of it. */
async function imported(name: string, content: string | Uint8Array, args: { chunk?: number; license?: string } = {}) {
  const project = scratch();
  const context = contextOf(project);
  const report = await importFile(context, { file: put(project, name, content), dataset: "set", ...args });
  const numbers = context.sql.prepare("SELECT n FROM row ORDER BY n").all<{ n: number }>();
  const rows = hydrate(
    context.sql,
    numbers.map(({ n }) => n),
  ).map(({ row }) => row);
  const sources = numbers.map(({ n }) => sourceOf(context.sql, n));
  context.sql.close();
  return { report, rows, sources, first: rows[0] as Row };
}

async function refusal(name: string, content: string | Uint8Array): Promise<Problem> {
  try {
    await imported(name, content);
  } catch (thrown) {
    assert.ok(thrown instanceof AppError, String(thrown));
    assert.ok(thrown.problem.remedy !== undefined && thrown.problem.where?.file !== undefined, JSON.stringify(thrown.problem));
    return thrown.problem;
  }
  return assert.fail("it was accepted");
}

describe("forms of rows", () => {
  test("JiuZhang3.0, natural language and tool", async () => {
    const nl = { input: "## Question\nWhat is 1 + 1?\n\n## Solution\n", output: "It is \\boxed{2}." };
    const tool = {
      input: "## Question\nWhat is 2 + 2?\n\n## Code Solution\n",
      output: "```python\nprint(4)\n```\n```output\n5\n```\nThe answer is 4.",
    };
    const { rows } = await imported("a.jsonl", lines(nl, tool, { input: "nothing", output: "x" }));
    assert.deepEqual(
      rows.map(({ kind, text, answer, format, accepted }) => [kind, text, answer, format, accepted]),
      [
        ["problem", "What is 1 + 1?", "2", "nl", true],
        ["problem", "What is 2 + 2?", "4", "tool", true],
      ],
    );
  });

  test("GSM8K keeps its annotations in the solution and takes the answer behind ####", async () => {
    const { first } = await imported("a.jsonl", lines({ question: "How many?", answer: "48/2 = <<48/2=24>>24 clips.\n#### 24" }));
    assert.deepEqual([first.text, first.solution, first.answer], ["How many?", "48/2 = <<48/2=24>>24 clips.", "24"]);
  });

  test("MATH takes the last box, braces balanced, or the answer column", async () => {
    const boxed = { problem: "Half?", solution: "First \\boxed{9}, then $\\boxed{\\frac{1}{2}}$.", level: "Level 1", subject: "Algebra" };
    const { rows, sources } = await imported("a.jsonl", lines(boxed, { problem: "Other?", solution: "none", answer: "7" }));
    assert.deepEqual(
      rows.map(({ answer }) => answer),
      ["\\frac{1}{2}", "7"],
    );
    assert.deepEqual(sources[0]?.extra, { level: "Level 1", subject: "Algebra" });
  });

  test("seeds keep id, source, licence, stage and every other column", async () => {
    const { first, sources } = await imported(
      "a.jsonl",
      lines({ id: "x1", text: "A text.", source: "book", license: "CC0", stage: "high", page: 4, tags: ["a"] }),
    );
    assert.deepEqual([first.kind, first.stage, first.verdicts], ["seed", "high", []]);
    assert.deepEqual([sources[0]?.license, sources[0]?.extra], ["CC0", { id: "x1", source: "book", page: 4, tags: ["a"] }]);
  });

  test("`content` and other letter case are understood, and a licence given at import stands in", async () => {
    const { first, sources } = await imported("a.jsonl.gz", gzipSync(lines({ Content: "A text." })), { license: "CC-BY-4.0" });
    assert.equal(first.text, "A text.");
    assert.equal(sources[0]?.license, "CC-BY-4.0");
  });

  test("CSV with quotes, line breaks, semicolons and a byte order mark; ragged rows are told with their line", async () => {
    const csv = '\uFEFFproblem;solution;level\r\n"Two\nlines";"It is \\boxed{1}";3\r\nonly one\r\n"Quoted ""word""";"\\boxed{2}";4\r\n';
    const { report, rows, sources } = await imported("a.csv", csv);
    assert.deepEqual([report.rows, report.rejected], [2, 1]);
    assert.deepEqual(
      rows.map(({ text }) => text),
      ["Two\nlines", 'Quoted "word"'],
    );
    assert.deepEqual([report.problems[0]?.where?.line, sources.map((one) => one?.line)], [4, [2, 5]]);
    assert.match(report.problems[0]?.message ?? "", /1 cells, the header has 3/);
  });

  test("Markdown is cut at sections, with spans, lines and headings", async () => {
    const paragraph = "A sentence about numbers. ".repeat(20).trim();
    const text = `# One\n\n${paragraph}\n\n${paragraph}\n\n# Two\n\n${paragraph}\n`;
    const { rows, sources } = await imported("notes.md", text, { chunk: 1000 });
    assert.deepEqual(
      sources.map((one) => [one?.line, one?.extra.heading]),
      [
        [1, "One"],
        [7, "Two"],
      ],
    );
    for (const [at, row] of rows.entries()) assert.equal(text.slice(sources[at]?.span?.start, sources[at]?.span?.end), row.text);
  });
});

describe("bad files", () => {
  test("unknown columns are listed with what is accepted", async () => {
    const problem = await refusal("a.jsonl", lines({ prompt: "x", reply: "y" }));
    assert.equal(problem.code, "import/unknown-format");
    assert.match(problem.message, /prompt, reply/);
    assert.match(problem.remedy ?? "", /`text` or `content`/);
    assert.equal((await refusal("a.csv", "prompt,reply\nx,y\n")).code, "import/unknown-format");
    assert.equal((await refusal("a.docx", "x")).code, "import/unknown-format");
  });

  test("empty files", async () => {
    for (const [name, content] of [
      ["a.jsonl", ""],
      ["a.jsonl", "\n \n"],
      ["a.csv", ""],
      ["a.csv", "problem,solution\n"],
      ["a.md", "\n\n"],
      ["a.txt", ""],
    ] as const)
      assert.equal((await refusal(name, content)).code, "import/empty", `${name} ${JSON.stringify(content)}`);
  });

  test("no JSON at all, a damaged gzip file, UTF-16, a folder, no file", async () => {
    assert.equal((await refusal("a.jsonl", "hello\nworld\n")).code, "import/malformed-row");
    assert.equal((await refusal("a.jsonl.gz", gzipSync(lines({ text: "x".repeat(1000) })).subarray(0, 30))).code, "import/unreadable");
    assert.equal((await refusal("a.jsonl", Buffer.from("\uFEFF{}", "utf16le"))).code, "import/unreadable");
    const project = scratch();
    const context = contextOf(project);
    put(join(project, "folder.jsonl"), "x", "");
    for (const file of ["folder.jsonl", "missing.jsonl"])
      await assert.rejects(
        importFile(context, { file: join(project, file), dataset: "set" }),
        (thrown: AppError) => thrown.problem.code === "import/unreadable",
      );
    context.sql.close();
  });

  test("malformed lines in the middle: the others go in, each is told with file and line, and every row is in one count", async () => {
    const bad = ["{torn", '["a","list"]', "5", '{"text":""}', '{"text":"nul \\u0000"}', '{"other":"no text"}'];
    const content = Buffer.concat([
      Buffer.from(`\uFEFF${lines({ text: "first" }, ...bad)}`),
      Buffer.from([0x7b, 0xff, 0xfe, 0x0a]),
      Buffer.from("\0\0\n"),
      Buffer.from(`\r\n${lines({ text: "second" }, { text: "first" })}`),
      Buffer.from(JSON.stringify({ text: "no newline at the end" })),
    ]);
    const { report, rows } = await imported("a.jsonl", content);
    assert.deepEqual(
      rows.map(({ text }) => text),
      ["first", "second", "no newline at the end"],
    );
    assert.deepEqual([report.rows, report.duplicates, report.rejected], [3, 1, bad.length + 2]);
    assert.deepEqual(
      report.problems.map(({ where }) => where?.line),
      [2, 3, 4, 5, 6, 7, 8, 9],
    );
    for (const problem of report.problems) assert.equal(problem.where?.file, "a.jsonl");
  });

  test("at most 20 problems are listed, all are counted", async () => {
    const { report } = await imported("a.jsonl", lines({ text: "x" }, ...Array.from({ length: 50 }, () => "{")));
    assert.deepEqual([report.rejected, report.problems.length], [50, 20]);
  });

  test("a row of 50 MB is skipped without being held", async () => {
    const project = scratch();
    const file = join(project, "a.jsonl");
    const out = createWriteStream(file);
    out.write(`${JSON.stringify({ text: "before" })}\n{"text":"`);
    const piece = "x".repeat(1024 * 1024);
    for (let megabyte = 0; megabyte < 50; megabyte++) if (!out.write(piece)) await once(out, "drain");
    out.end(`"}\n${JSON.stringify({ text: "after" })}\n`);
    await once(out, "close");
    const context = contextOf(project);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const report = await importFile(
      {
        ...context,
        progress: () => {
          most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        },
      },
      { file, dataset: "set" },
    );
    assert.deepEqual(
      [report.rows, report.rejected, report.problems[0]?.code, report.problems[0]?.where?.line],
      [2, 1, "import/row-too-large", 2],
    );
    assert.ok(most < 50 * 2 ** 20, `${most} bytes of buffers`);
    context.sql.close();
  });

  test("a quote that is never closed in a CSV file costs one row", async () => {
    const { report, rows } = await imported(
      "a.csv",
      `text,page\nfirst,1\n"never closed,2\n${lines(...Array.from({ length: 10 }, (_, at) => `more ${at},3`))}`,
    );
    assert.deepEqual([report.rows, report.rejected, report.problems[0]?.where?.line], [11, 1, 3]);
    assert.equal(rows.at(-1)?.text, "more 9");
  });

  test("a CSV cell beyond the limit is skipped, and a quote inside a cell is told", async () => {
    const { report, rows } = await imported("a.csv", `text\nfirst\n${"x".repeat(ROW_MAX_BYTES + 10)}\n5" pipes\nlast\n`);
    assert.deepEqual(
      rows.map(({ text }) => text),
      ["first", "last"],
    );
    assert.deepEqual(
      report.problems.map(({ code, where }) => [code, where?.line]),
      [
        ["import/row-too-large", 3],
        ["import/malformed-row", 4],
      ],
    );
  });

  test("a CSV file is cut the same wherever its chunks end", async () => {
    const row = (at: number) => `"cell ""${at}""\nwith lines",${at}`;
    const { report, rows, sources } = await imported("a.csv", lines("text,page", ...Array.from({ length: 60_000 }, (_, at) => row(at))));
    assert.deepEqual([report.rows, report.rejected], [60_000, 0]);
    assert.equal(rows[59_999]?.text, 'cell "59999"\nwith lines');
    assert.equal(sources[59_999]?.line, 2 + 2 * 59_999);
  });
});

describe("datasets", () => {
  test("the same file twice adds nothing and is counted; a rebuild gives the same index", async () => {
    const project = scratch();
    const context = contextOf(project);
    const a = put(
      project,
      "a.jsonl",
      lines({ problem: "P1", solution: "\\boxed{1}" }, { problem: "P2", solution: "s" }, { problem: "P1", solution: "\\boxed{1}" }),
    );
    const b = put(project, "b.jsonl", lines({ problem: "P2", solution: "s" }, { problem: "p1", solution: "other" }));
    assert.deepEqual(counts(await importFile(context, { file: a, dataset: "set" })), [2, 1, 0]);
    assert.deepEqual(counts(await importFile(context, { file: a, dataset: "set" })), [0, 3, 0]);
    assert.deepEqual(counts(await importFile(context, { file: b, dataset: "set" })), [1, 1, 0]);
    assert.deepEqual(counts(await importFile(context, { file: b, dataset: "other" })), [2, 0, 0]);
    const live = dump(context.sql);
    context.sql.close();
    await rebuild(contextOf(project), ruleOf);
    const sql = openWriter(indexOf(project));
    assert.deepEqual(dump(sql), live);
    sql.close();
  });

  test("kinds are not mixed, names are checked, and other options for the same file are refused", async () => {
    const project = scratch();
    const context = contextOf(project);
    const seeds = put(project, "seeds.jsonl", lines({ text: "A seed" }));
    const problems = put(project, "problems.jsonl", lines({ problem: "P", solution: "S" }));
    await importFile(context, { file: seeds, dataset: "set" });
    const refused = (args: Parameters<typeof importFile>[1]) =>
      assert.rejects(importFile(context, args), (thrown: AppError) => thrown.problem.code === "usage/invalid-argument");
    await refused({ file: problems, dataset: "set" });
    await refused({ file: problems, dataset: "../escape" });
    await refused({ file: problems, dataset: "a/b" });
    await refused({ file: seeds, dataset: "set", license: "CC0" });
    context.sql.close();
  });
});

const counts = ({ rows, duplicates, rejected }: { rows: number; duplicates: number; rejected: number }) => [rows, duplicates, rejected];

test("every row of the public data sets is accounted for", { skip: withoutSharedData }, async () => {
  const project = scratch();
  const context = contextOf(project);
  const expected = { "openstax-seeds": 6114, "jiuzhang-cot-1000": 1000, "jiuzhang-tool-500": 500, "train/gsm8k": 7473, "train/math": 7500 };
  for (const [name, rows] of Object.entries(expected)) {
    const file = join(sharedDataDir as string, `${name}.jsonl`);
    const report = await importFile(context, { file, dataset: name.replace("/", "-") });
    assert.deepEqual([report.rows + report.duplicates, report.rejected, report.problems], [rows, 0, []], name);
  }
  const answers = context.sql.prepare(
    "SELECT dataset.name AS name, sum(row.answer = 1) AS found FROM row JOIN dataset ON dataset.n = row.dataset WHERE row.kind = 1 GROUP BY 1 ORDER BY 1",
  );
  const found = Object.fromEntries(answers.all<{ name: string; found: number }>().map((row) => [row.name, row.found]));
  // Two solutions of MATH write their box without braces.
  assert.deepEqual([found["train-gsm8k"], found["train-math"]], [7473, 7498]);
  context.sql.close();
});
