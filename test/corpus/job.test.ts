import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Row } from "#protocol/corpus.ts";
import { datasets } from "../../server/src/corpus/dataset.ts";
import { seedLine } from "../../server/src/corpus/seed-line.ts";
import { walk } from "../../server/src/corpus/walk.ts";
import { catchUp } from "../../server/src/ingest/catch-up.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { ingestJob } from "../../server/src/ingest/ingest-job.ts";
import {
  answerLine,
  contextOf,
  dump,
  keyOf,
  lines,
  makeJob,
  problemText,
  put,
  RULE,
  rebuilt,
  rowsOf,
  ruleOf,
  scratch,
  TEMPLATE_SHA,
} from "./harness.ts";

const verdict = (row: Row, check: string) => row.verdicts.find((one) => one.check === check);

/** How many requests of all jobs have no answer, one, and an error for one. */
function requestsOf({ sql }: ReturnType<typeof contextOf>): Record<string, number> {
  const counts = sql.prepare("SELECT answered, count(*) AS n FROM request GROUP BY answered").all<{ answered: number; n: number }>();
  const count = (answered: number) => counts.find((one) => one.answered === answered)?.n ?? 0;
  return { open: count(0), answered: count(1), failed: count(2) };
}

describe("ingest of a job", () => {
  test("a response becomes a row with its verdicts, and a repeated one does not", async () => {
    const project = scratch();
    const context = contextOf(project);
    const { dir, answer } = makeJob(project, "job", [{ key: keyOf("a") }, { key: keyOf("b") }]);
    answer(answerLine(keyOf("a"), problemText("What is two and two?")));
    answer(answerLine(keyOf("a"), problemText("Something else")));
    const first = await ingestJob(context, dir, ruleOf);
    assert.equal(first.rows, 1);
    assert.deepEqual(requestsOf(context), { open: 1, answered: 1, failed: 0 });
    const [row] = rowsOf(context.sql, "made") as [Row];
    assert.equal(row.text, "What is two and two?");
    assert.equal(row.answer, "4");
    assert.equal(row.accepted, true);
    assert.deepEqual(
      row.verdicts.map(({ reason }) => reason),
      ["parsed", "answer 4", "no seed", "new"],
    );
    const again = await ingestJob(context, dir, ruleOf);
    assert.equal(again.rows, 0);
    context.sql.close();
  });

  test("what does not parse is kept with its reason, and its raw text is found", async () => {
    const project = scratch();
    const context = contextOf(project);
    const { dir, answer } = makeJob(project, "job", [{ key: keyOf("a") }, { key: keyOf("b") }]);
    answer(answerLine(keyOf("a"), "no headings here"));
    answer({ custom_id: keyOf("b"), response: null, error: { code: "model/refused", message: "The model refused" } });
    await ingestJob(context, dir, ruleOf);
    assert.deepEqual(requestsOf(context), { open: 0, answered: 1, failed: 1 });
    const [unparsed, refused] = rowsOf(context.sql, "made") as [Row, Row];
    assert.equal(unparsed.text, null);
    assert.equal(verdict(unparsed, "parse")?.value, "fail");
    assert.match(verdict(unparsed, "parse")?.reason ?? "", /## Problem/);
    assert.equal(verdict(unparsed, "duplicate")?.value, "unknown");
    assert.equal(verdict(refused, "parse")?.reason, "The model refused");
    const walked = await walk(context, unparsed.id.slice(0, 8), { rule: () => RULE, seedLine });
    assert.equal(walked.response?.raw, "no headings here");
    assert.equal(walked.response?.file, ".jiuzhang/jobs/job/out/responses-00000.jsonl");
    assert.equal(walked.request?.key, keyOf("a"));
    assert.equal(walked.request?.line, 1);
    assert.equal(walked.template?.line, 11);
    assert.equal(walked.template?.snapshot, `.jiuzhang/jobs/job/in/templates/${TEMPLATE_SHA}.prompty`);
    context.sql.close();
  });

  test("one response may hold several problems, and the walk goes back to the seed and its file", async () => {
    const project = scratch();
    const context = contextOf(project);
    const text = "A farmer has seven sheep and buys five more sheep at the market on Monday.";
    const file = put(project, "seeds.jsonl", lines({ text, license: "CC0-1.0", book: "Farms" }));
    await importFile(context, { file, dataset: "seeds" });
    const seed = context.sql.prepare("SELECT id FROM row").get<{ id: string }>()?.id as string;
    const { dir, answer } = makeJob(project, "job", [{ key: keyOf("a"), seed: { id: seed, dataset: "seeds" } }]);
    answer(answerLine(keyOf("a"), `${problemText("How many apples are there?")}\n\n${problemText(text)}`));
    await ingestJob(context, dir, ruleOf);
    const [fresh, copied] = rowsOf(context.sql, "made") as [Row, Row];
    assert.equal(verdict(fresh, "copy")?.reason, "copy 0.00");
    assert.deepEqual([verdict(copied, "copy")?.value, verdict(copied, "copy")?.evidence], ["fail", 1]);
    assert.equal(copied.accepted, false);
    const walked = await walk(context, copied.id, { rule: () => RULE, seedLine });
    assert.deepEqual(walked.seed?.source, {
      file: "seeds.jsonl",
      sha256: walked.seed?.source.sha256,
      line: 1,
      span: null,
      license: "CC0-1.0",
      extra: { book: "Farms" },
    });
    context.sql.close();
  });

  test("torn, empty, foreign and unknown lines: nothing else is lost, each is told with its place", async () => {
    const project = scratch();
    const context = contextOf(project);
    const { dir, shard, answer } = makeJob(project, "job", [{ key: keyOf("a") }, { key: keyOf("b") }]);
    writeFileSync(shard, "");
    assert.equal((await ingestJob(context, dir, ruleOf)).rows, 0);
    answer("not JSON at all", answerLine(keyOf("stranger"), problemText("x")), { custom_id: keyOf("a"), response: 5 }, "");
    const whole = JSON.stringify(answerLine(keyOf("a"), problemText("Torn or not?")));
    const handle = openSync(shard, "a");
    writeSync(handle, whole.slice(0, 40));
    const torn = await ingestJob(context, dir, ruleOf);
    assert.equal(torn.rows, 0);
    assert.deepEqual(
      torn.problems.map(({ code, where }) => [code, where?.file, where?.line]),
      [1, 2, 3].map((line) => ["job/foreign-line", "jobs/job/out/responses-00000.jsonl", line]),
    );
    writeSync(handle, `${whole.slice(40)}\n`);
    closeSync(handle);
    const whole2 = await ingestJob(context, dir, ruleOf);
    assert.equal(whole2.rows, 1);
    assert.deepEqual(requestsOf(context), { open: 1, answered: 1, failed: 0 });
    context.sql.close();
  });

  test("a success counts before an error, an earlier answer before a later one, in whatever order they are read", async () => {
    const project = scratch();
    const context = contextOf(project);
    const key = keyOf("a");
    const late = makeJob(project, "late", [{ key }], { created: "2026-01-02T00:00:00.000Z" });
    const early = makeJob(project, "early", [{ key }], { created: "2026-01-01T00:00:00.000Z" });
    late.answer(answerLine(key, problemText("Late"), "2026-01-02T00:00:01.000Z"));
    early.answer({
      custom_id: key,
      response: null,
      error: { code: "model/server-error", message: "down" },
      timing: { received: "2026-01-01T00:00:00.000Z", milliseconds: 1, tries: 1 },
    });
    await ingestJob(context, early.dir, ruleOf);
    await ingestJob(context, late.dir, ruleOf);
    assert.deepEqual(
      context.sql
        .prepare("SELECT text FROM body")
        .all()
        .map((row) => row.text),
      ["Late"],
    );
    early.answer(answerLine(key, problemText("Early"), "2026-01-01T00:00:05.000Z"));
    await ingestJob(context, early.dir, ruleOf);
    assert.deepEqual(
      context.sql
        .prepare("SELECT text FROM body")
        .all()
        .map((row) => row.text),
      ["Early"],
    );
    const live = dump(context.sql);
    context.sql.close();
    await rebuilt(project, live);
  });

  test("of equal texts the one received first is the original, also when it comes last", async () => {
    const project = scratch();
    const context = contextOf(project);
    const { dir, answer } = makeJob(
      project,
      "job",
      ["a", "b", "c"].map((word) => ({ key: keyOf(word) })),
    );
    answer(answerLine(keyOf("b"), problemText("Same  text"), "2026-01-01T00:00:02.000Z"));
    answer(answerLine(keyOf("c"), problemText("same text"), "2026-01-01T00:00:03.000Z"));
    await ingestJob(context, dir, ruleOf);
    answer(answerLine(keyOf("a"), problemText("Same text"), "2026-01-01T00:00:01.000Z"));
    await ingestJob(context, dir, ruleOf);
    const original = rowsOf(context.sql, "made").at(-1) as Row;
    assert.equal(verdict(original, "duplicate")?.value, "pass");
    const others = context.sql.prepare("SELECT duplicate, accepted FROM row WHERE id <> ?").all(original.id);
    assert.deepEqual(
      others.map((row) => [row.duplicate, row.accepted]),
      [
        [0, 0],
        [0, 0],
      ],
    );
    const live = dump(context.sql);
    context.sql.close();
    await rebuilt(project, live);
  });

  test("what another job had answered gives rows to this job's dataset, too", async () => {
    const project = scratch();
    const context = contextOf(project);
    const key = keyOf("a");
    const first = makeJob(project, "first", [{ key }], { dataset: "one" });
    first.answer(answerLine(key, problemText("Shared")));
    await ingestJob(context, first.dir, ruleOf);
    const second = makeJob(project, "second", [{ key }], { dataset: "two", created: "2026-01-02T00:00:00.000Z" });
    put(join(second.dir, "in"), "skip.jsonl", lines({ custom_id: key }));
    assert.equal((await ingestJob(context, second.dir, ruleOf, { live: true })).rows, 0, "a living job's own shards are all that is read");
    const report = await ingestJob(context, second.dir, ruleOf);
    assert.equal(report.rows, 1);
    assert.deepEqual(requestsOf(context), { open: 0, answered: 2, failed: 0 });
    assert.deepEqual(
      datasets(context.sql).map(({ name, rows, accepted }) => [name, rows, accepted]),
      [
        ["one", 1, 1],
        ["two", 1, 1],
      ],
    );
    const live = dump(context.sql);
    context.sql.close();
    await rebuilt(project, live);
  });

  test("a compressed shard gives the same as a plain one", async () => {
    const project = scratch();
    const { dir, shard, answer } = makeJob(project, "job", [{ key: keyOf("a") }, { key: keyOf("b") }]);
    answer(answerLine(keyOf("a"), problemText("One")), answerLine(keyOf("b"), problemText("Two")));
    writeFileSync(`${shard}.gz`, gzipSync(readFileSync(shard)));
    rmSync(shard);
    const context = contextOf(project);
    const report = await ingestJob(context, dir, ruleOf);
    assert.equal(report.rows, 2);
    assert.equal((await ingestJob(context, dir, ruleOf)).rows, 0);
    const walked = await walk(context, rowsOf(context.sql, "made")[1]?.id as string, { rule: () => RULE, seedLine });
    assert.equal(walked.response?.file, ".jiuzhang/jobs/job/out/responses-00000.jsonl.gz");
    assert.match(walked.response?.raw ?? "", /Two/);
    context.sql.close();
  });

  test("a job without its description is told, and the others go in", async () => {
    const project = scratch();
    const context = contextOf(project);
    const { dir } = makeJob(project, "broken", []);
    writeFileSync(join(dir, "job.json"), "{");
    makeJob(project, "good", [{ key: keyOf("a") }]).answer(answerLine(keyOf("a"), problemText("Fine")));
    const report = await catchUp(context, ruleOf);
    assert.equal(report.rows, 1);
    assert.deepEqual(
      report.problems.map(({ code }) => code),
      ["job/corrupt"],
    );
    context.sql.close();
  });
});
