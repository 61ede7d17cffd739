import assert from "node:assert/strict";
import { test } from "node:test";
import { jobRows } from "../../server/src/corpus/job-rows.ts";
import { pickSeed } from "../../server/src/corpus/pick-seed.ts";
import { seedRows } from "../../server/src/corpus/seed-rows.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { ingestJob } from "../../server/src/ingest/ingest-job.ts";
import { dropSortIndexes } from "../../server/src/store/schema.ts";
import type { Bind, Sql } from "../../server/src/store/sql.ts";
import { answerLine, contextOf, keyOf, lines, makeJob, problemText, put, ruleOf, scratch } from "./harness.ts";

/** The statements that are prepared while something runs, and how SQLite goes about each table of rows in them. */
function listen(sql: Sql): { sql: Sql; plans(about: RegExp): string[] } {
  const heard = new Set<string>();
  const prepare = (source: string) => {
    heard.add(source);
    return sql.prepare(source);
  };
  const plansOf = (source: string): string[] => {
    const params: Bind[] = Array.from(source.matchAll(/\?/g), () => 1);
    return sql
      .prepare(`EXPLAIN QUERY PLAN ${source}`)
      .all<{ detail: string }>(...params)
      .map(({ detail }) => detail)
      .filter((detail) => /^(SEARCH|SCAN) row\b/.test(detail));
  };
  return { sql: { ...sql, prepare }, plans: (about) => [...heard].filter((source) => about.test(source)).flatMap(plansOf) };
}

test("a look at a job reads what came from the end of the table, not the dataset from its beginning", async () => {
  const context = contextOf(scratch());
  const { dir, answer } = makeJob(context.project, "job-1", [{ key: keyOf("a") }, { key: keyOf("b") }]);
  answer(answerLine(keyOf("a"), problemText("What is 2 + 2?")));
  const { sql, plans } = listen(context.sql);
  assert.equal((await ingestJob({ ...context, sql }, dir, ruleOf)).rows, 1);
  answer(answerLine(keyOf("b"), problemText("What is 1 + 3?")));
  assert.equal((await ingestJob({ ...context, sql }, dir, ruleOf, { live: true })).rows, 1);
  assert.equal(jobRows({ ...context, sql }, { job: "job-1", after: 1, limit: 9 }).count, 1);
  const found = plans(/FROM row .*n > \?/s);
  assert.equal(found.length, 3);
  for (const plan of found) assert.match(plan, /INTEGER PRIMARY KEY \(rowid>\?/);
});

test("what others put into the index is gone past once while a job is followed, and a new index begins at its own end", async () => {
  const context = contextOf(scratch());
  const { dir, answer } = makeJob(context.project, "job-1", [{ key: keyOf("a") }, { key: keyOf("b") }]);
  const look = async (after: number) => {
    await ingestJob(context, dir, ruleOf, { live: true });
    return jobRows(context, { job: "job-1", after, limit: 9 });
  };
  answer(answerLine(keyOf("a"), problemText("What is 2 + 2?")));
  const first = await look(0);
  assert.deepEqual([first.count, first.parsed, first.added.map(({ key }) => key), first.last], [1, 1, [keyOf("a")], 1]);
  const rows = Array.from({ length: 5 }, (_, at) => ({ text: `Seed ${at}` }));
  await importFile(context, { file: put(context.project, "a.jsonl", lines(...rows)), dataset: "set" });
  const none = await look(first.last);
  assert.deepEqual([none.count, none.added, none.last], [0, [], 6]);
  answer(answerLine(keyOf("b"), problemText("What is 1 + 3?")));
  const second = await look(none.last);
  assert.deepEqual([second.count, second.added.map(({ row }) => row.text), second.last], [1, ["What is 1 + 3?"], 7]);
  assert.deepEqual(jobRows(context, { job: "job-1", after: 1_000, limit: 9 }).last, 7);
});

test("seeds that were imported together are reached by a seek to their place, in pages and one beside the other", async () => {
  const context = contextOf(scratch());
  const add = (name: string, from: number) =>
    importFile(context, {
      file: put(context.project, name, lines(...Array.from({ length: 7 }, (_, at) => ({ text: `Seed ${from + at}` })))),
      dataset: "set",
    });
  await add("a.jsonl", 0);
  await add("b.jsonl", 7);
  const { sql, plans } = listen(context.sql);
  const texts: string[] = [];
  for (let after: Parameters<typeof seedRows>[1]["after"] = null; ; ) {
    const { rows, next } = seedRows({ ...context, sql }, { dataset: "set", after, limit: 3 });
    texts.push(...rows.map(({ text }) => text));
    if (next === null) break;
    after = next;
  }
  assert.deepEqual(
    texts,
    Array.from({ length: 14 }, (_, at) => `Seed ${at}`),
  );
  const middle = pickSeed(sql, { dataset: "set", pick: { how: "at", at: 5 } });
  const beside = (how: "next" | "previous") => pickSeed(sql, { dataset: "set", pick: { how, from: middle?.id as string } })?.title;
  assert.deepEqual([beside("next"), beside("previous")], ["Seed 5", "Seed 3"]);
  const found = plans(/row\.n [<>] \?/);
  assert.equal(found.length, 2, "one forwards, one backwards");
  for (const plan of found) assert.match(plan, /row_created \(dataset=\? AND created=\? AND n[<>]\?\)/);
});

test("an import that goes on after a kill leaves the indexes of all sorts", async () => {
  const context = contextOf(scratch());
  // What a killed bulk load leaves.
  dropSortIndexes(context.sql);
  await importFile(context, { file: put(context.project, "a.jsonl", lines({ text: "One" })), dataset: "set" });
  const found = context.sql.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'index' AND name IN ('row_created', 'row_length', 'row_tokens')",
  );
  assert.equal(found.all().length, 3);
});
