import assert from "node:assert/strict";
import { test } from "node:test";
import { asTarget } from "./target.ts";

test("a command learns its dataset from whatever it was called with", () => {
  assert.deepEqual(asTarget("clean"), { dataset: "clean" });
  assert.deepEqual(asTarget(undefined), {});
  assert.deepEqual(asTarget({ project: "file:///p", dataset: "clean", row: "0f", query: { search: "x" } }), {
    project: "file:///p",
    dataset: "clean",
    row: "0f",
    query: { search: "x" },
  });
});

test("a node of the tree carries the whole dataset as its row, which is no row of ours", () => {
  const node = { kind: "dataset", project: "file:///p", dataset: "clean", row: { name: "clean", rows: 3 } };
  assert.deepEqual(asTarget(node), { project: "file:///p", dataset: "clean" });
});
