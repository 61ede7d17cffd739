import assert from "node:assert/strict";
import { test } from "node:test";
import { createPace } from "./pace.ts";

test("bytes have a pace and a time that is left, once they can be told", () => {
  let now = 0;
  const pace = createPace(() => now);
  const tell = (at: number, done: number, stage = "Fetching", unit = "bytes") => {
    now = at;
    return pace({ stage, done, total: 100e6, unit });
  };
  assert.equal(tell(0, 10e6), "");
  assert.equal(tell(1_000, 20e6), "");
  assert.equal(tell(3_000, 40e6), "10 MB/s, 6 s left");
  assert.equal(tell(4_000, 100e6), "23 MB/s");
  assert.equal(tell(5_000, 0, "Checking"), "", "each stage has its own pace");
  assert.equal(tell(8_000, 30e6, "Checking", "rows"), "7 s left");
  assert.equal(tell(9_000, 10e6, "Checking"), "", "what begins anew is counted anew");
});
