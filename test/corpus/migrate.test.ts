import assert from "node:assert/strict";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { datasets } from "../../server/src/corpus/dataset.ts";
import { listPage } from "../../server/src/corpus/page.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { ingestJob } from "../../server/src/ingest/ingest-job.ts";
import { openReader, openWriter } from "../../server/src/store/open.ts";
import { STEPS } from "../../server/src/store/schema.ts";
import { answerLine, contextOf, dump, indexOf, keyOf, lines, makeJob, problemText, put, ruleOf, scratch } from "./harness.ts";

/** The tables that held rows in schema 1. */
const FIRST = ["meta", "dataset", "origin", "file", "problem", "template", "request", "response", "row", "body", "verdict"];

/** Puts an index of schema 1 with the same rows into the place of a project's index. */
function goBack(project: string): void {
  const now = join(project, "now.db");
  renameSync(indexOf(project), now);
  for (const suffix of ["-wal", "-shm"]) rmSync(`${indexOf(project)}${suffix}`, { force: true });
  const old = new DatabaseSync(indexOf(project));
  old.exec(STEPS[0] as string);
  old.exec("PRAGMA user_version = 1; DELETE FROM meta");
  old.prepare("ATTACH ? AS now").run(now);
  for (const table of FIRST) {
    const columns = old.prepare(`SELECT '"' || name || '"' AS name FROM pragma_table_info(?, 'main')`).all(table) as { name: string }[];
    const list = columns.map(({ name }) => name).join(", ");
    old.exec(`INSERT INTO main.${table} (${list}) SELECT ${list} FROM now.${table}`);
  }
  old.exec(
    "CREATE INDEX row_created ON row (dataset, created, n, stage, format, template, accepted, parse, answer, copy, duplicate, kind)",
  );
  old.exec("DELETE FROM main.meta WHERE name <> 'searchable'");
  old.exec("INSERT INTO counter VALUES (1, 'rows', '', 1); DETACH now");
  old.close();
}

test("an index of schema 1 is brought up to date in place, and says the same", async () => {
  const project = scratch();
  const context = contextOf(project);
  await importFile(context, { file: put(project, "seeds.jsonl", lines({ text: "one" }, { text: "two" })), dataset: "seeds" });
  const { dir, answer } = makeJob(project, "job", [{ key: keyOf("a") }, { key: keyOf("b") }, { key: keyOf("c") }]);
  answer(answerLine(keyOf("a"), problemText("Sum?")), answerLine(keyOf("b"), problemText("Sum?")), answerLine(keyOf("c"), "nothing"));
  await ingestJob(context, dir, ruleOf);
  const before = { dump: dump(context.sql), datasets: datasets(context.sql) };
  context.sql.exec("PRAGMA wal_checkpoint (TRUNCATE)");
  context.sql.close();
  goBack(project);
  assert.equal(openReader(indexOf(project)), null, "a reader waits for a writer to bring it up to date");
  const sql = openWriter(indexOf(project));
  assert.deepEqual({ dump: dump(sql), datasets: datasets(sql) }, before);
  const kept = [{ field: "verdict.duplicate", op: "=", value: "fail" } as const];
  const page = listPage(sql, { dataset: "made", where: kept, sort: { field: "length", descending: true }, limit: 10 });
  assert.deepEqual(
    page.rows.map(({ text, label }) => [text, label]),
    [["Sum?", null]],
  );
  sql.close();
});
