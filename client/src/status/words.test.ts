import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, counted, duration, money, progressWords } from "./words.ts";

test("counts have separators and their noun its number", () => {
  assert.equal(counted(1, "row"), "1 row");
  assert.equal(counted(0, "row"), "0 rows");
  assert.equal(counted(1_234_567, "row"), "1,234,567 rows");
});

test("bytes and times are in the unit that people would choose", () => {
  assert.deepEqual([1, 999, 98_362_432, 1_330_000_000].map(bytes), ["1 byte", "999 bytes", "98 MB", "1.3 GB"]);
  assert.deepEqual([4.4, 61, 3_600, 12_030].map(duration), ["4 s", "1 min", "1 h", "3 h 20 min"]);
});

test("money has the decimals that count", () => {
  assert.deepEqual([0, 0.0055, 0.000012, 0.5, 2.222, 1150].map(money), ["$0", "$0.0055", "$0.000012", "$0.50", "$2.22", "$1,150"]);
});

test("progress says how much of how much, or how much so far", () => {
  assert.equal(progressWords({ done: 12_000, total: 50_000, unit: "rows" }), "12,000 of 50,000 rows");
  assert.equal(progressWords({ done: 12_000, unit: "rows" }), "12,000 rows");
  assert.equal(progressWords({ done: 0, total: 1, unit: "step" }), "0 of 1 step");
  assert.equal(progressWords({ done: 1_000_000, total: 98_362_432, unit: "byte" }), "1 MB of 98 MB");
});
