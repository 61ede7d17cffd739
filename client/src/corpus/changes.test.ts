import assert from "node:assert/strict";
import { test } from "node:test";
import { joinChanges } from "./changes.ts";

test("two changes become one that asks for all of both", () => {
  const labels = { project: "file:///p", datasets: ["a"], reason: "labels" as const };
  const rows = { project: "file:///p", datasets: ["a", "b"], reason: "rows" as const };
  assert.deepEqual(joinChanges(null, labels), labels);
  assert.deepEqual(joinChanges(rows, labels), { project: "file:///p", datasets: ["a", "b"], reason: "rows" });
  assert.deepEqual(joinChanges(labels, { ...rows, datasets: null, reason: "rebuilt" }).datasets, null);
  assert.equal(joinChanges({ ...labels, reason: "rebuilt" }, rows).reason, "rebuilt");
});
