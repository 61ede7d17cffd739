import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSearchable, searchTerm } from "../../server/src/corpus/search.ts";
import { marksOf } from "../../server/src/corpus/search-marks.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { changeRows } from "../../server/src/labels/change.ts";
import { contextOf, lines, put, scratch } from "./harness.ts";

test("what is kept of a search follows rows that come, go, come back and are edited", async () => {
  const project = scratch();
  const context = contextOf(project);
  const { sql } = context;
  const term = searchTerm("river") as string;
  const problem = (at: number) => ({ problem: `${at % 3 === 0 ? "River" : "Road"} ${at}?`, solution: "\\boxed{1}" });
  const same = (rows: number) => {
    const marks = marksOf(sql, term);
    const marked = [...marks.keys()].filter((n) => marks[n] === 1);
    const found = sql.prepare("SELECT rowid AS n FROM search WHERE search MATCH ? ORDER BY rowid").all<{ n: number }>(term);
    assert.deepEqual(
      marked,
      found.map(({ n }) => n),
    );
    assert.equal(marked.length, rows);
  };
  const add = async (from: number, to: number) => {
    const rows = Array.from({ length: to - from }, (_, at) => problem(from + at));
    await importFile(context, { file: put(project, `${from}.jsonl`, lines(...rows)), dataset: "set" });
    await makeSearchable(context);
  };
  await add(0, 30);
  same(10);
  await add(30, 60);
  same(20);
  const ids = sql
    .prepare("SELECT id FROM row ORDER BY n")
    .all<{ id: string }>()
    .map(({ id }) => id);
  const does = (wanted: Parameters<typeof changeRows>[1]["wanted"]) => changeRows(context, { person: "ada", wanted });
  await does({ kind: "delete", rows: [ids[0] as string, ids[1] as string] });
  same(19);
  await does({ kind: "edit", row: ids[3] as string, text: "A lake?", solution: null, answer: null });
  await does({ kind: "edit", row: ids[4] as string, text: "Two rivers, one river?", solution: null, answer: null });
  same(19);
  await add(60, 63);
  same(20);
  for (let left = 3; left > 0; left--) await does({ kind: "undo", entry: null });
  same(21);
  for (const other of ["one", "two", "three", "four", "five"]) marksOf(sql, `"${other}"`);
  same(21);
  sql.close();
});
