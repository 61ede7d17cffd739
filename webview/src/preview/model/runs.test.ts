import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "#protocol/corpus.ts";
import type { GenerateEvent } from "#protocol/messages/generate.ts";
import type { PreviewRun } from "#protocol/panels.ts";
import { isRunning, keptRuns, type Run, resultCount, withEvent, withLabel, withRun } from "./runs.ts";

const BEGUN: PreviewRun = {
  run: "r",
  count: 2,
  template: "a.prompty",
  endpoint: null,
  began: "2026-01-01T00:00:00Z",
  done: null,
  problem: null,
};
const row = (id: string): Row => ({ id, label: null }) as Row;
const all = (runs: Run[], ...events: GenerateEvent[]): Run[] =>
  events.reduce((now, event) => withEvent(now, { project: "p", run: "r", event }), runs);
const delta = (key: string, text: string, attempt = 1): GenerateEvent => ({
  type: "delta",
  key,
  sample: 0,
  seed: null,
  attempt,
  text,
  reasoning: "",
});
const one = (runs: Run[]): Run => runs[0] as Run;

test("text grows until its row comes, and a request that is asked again begins anew", () => {
  const writing = all(withRun([], BEGUN), delta("a", "x"), delta("b", "1"), delta("a", "y"));
  assert.deepEqual(
    one(writing).streams.map(({ text }) => text),
    ["xy", "1"],
  );
  const again = all(writing, delta("a", "z", 2));
  assert.equal(one(again).streams[0]?.text, "z");
  const come = all(again, { type: "row", row: row("1"), seed: null, key: "a" });
  assert.deepEqual([one(come).streams.length, one(come).rows.length, resultCount(come)], [1, 1, 1]);
  assert.equal(resultCount(all(come, { type: "more", rows: 5 })), 6);
});

test("what a model wrote stays where it is not in the form that was asked for", () => {
  const come = all(withRun([], BEGUN), delta("a", "no heading"), { type: "row", row: { ...row("1"), text: null }, seed: null, key: "a" });
  assert.equal(one(come).rows[0]?.raw, "no heading");
  const parsed = all(withRun([], BEGUN), delta("a", "x"), { type: "row", row: { ...row("1"), text: "x" }, seed: null, key: "a" });
  assert.equal(one(parsed).rows[0]?.raw, null);
});

test("a run that is told anew forgets nothing and doubles nothing", () => {
  const first = all(withRun([], BEGUN), { type: "row", row: row("1"), seed: null, key: "a" });
  const told = all(withRun(first, BEGUN), { type: "row", row: row("1"), seed: null, key: "a" });
  assert.equal(one(told).rows.length, 1);
  assert.equal(told.length, 1);
});

test("a run that ended keeps its rows and no unfinished text; the newest run stands first", () => {
  const writing = all(withRun([], BEGUN), { type: "row", row: row("1"), seed: null, key: "a" }, delta("b", "x"));
  const ended = withRun(writing, { ...BEGUN, problem: { code: "cancelled", message: "Cancelled" } });
  assert.deepEqual([one(ended).rows.length, one(ended).streams.length, isRunning(one(ended))], [1, 0, false]);
  assert.deepEqual(
    withRun(ended, { ...BEGUN, run: "s" }).map(({ run }) => run),
    ["s", "r"],
  );
});

test("a label is seen at once, and what is kept has an end", () => {
  const runs = all(withRun([], BEGUN), { type: "row", row: row("1"), seed: null, key: "a" });
  assert.equal(one(withLabel(runs, "1", "keep")).rows[0]?.row.label, "keep");
  assert.equal(withLabel(runs, "2", "keep")[0], runs[0]);
  const ended = withRun(runs, { ...BEGUN, problem: { code: "cancelled", message: "" } });
  assert.equal(keptRuns(runs, 10).length, 0, "a run that goes on is told by its host");
  assert.deepEqual([keptRuns(ended, 1).length, keptRuns(ended, 0).length], [1, 0]);
});
