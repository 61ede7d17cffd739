import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, count, counted, duration, money } from "./format.ts";

test("numbers are written for people", () => {
  assert.deepEqual([count(6114), counted(1, "row"), counted(6114, "row")], ["6,114", "1 row", "6,114 rows"]);
  assert.deepEqual([0.42, 12.4, 90, 7500].map(duration), ["0.4 s", "12 s", "2 min", "2 h 5 min"]);
  assert.deepEqual([0, 0.00553, 0.000041, 2.218, 1150.4].map(money), ["$0", "$0.0055", "$0.000041", "$2.22", "$1,150"]);
  assert.deepEqual([1, 999, 1536, 92_900_000].map(bytes), ["1 byte", "999 bytes", "1.54 kB", "92.9 MB"]);
});
