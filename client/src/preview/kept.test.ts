import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readKept } from "./kept.ts";

test("what was kept comes back, and whatever makes no sense is left out", () => {
  const kept = { uri: "file:///p/a.prompty", seed: { dataset: "seeds", id: "a".repeat(24) }, endpoint: "teacher", pinned: true };
  assert.deepEqual(readKept({ host: kept, view: { tab: "wire" } }), kept);
  const nothing = { uri: null, seed: null, endpoint: null, pinned: false };
  assert.deepEqual(readKept({ host: { ...kept, uri: "https://x", seed: { dataset: 1, id: "x" }, endpoint: {}, pinned: "yes" } }), nothing);
  fc.assert(fc.property(fc.anything(), (state) => assert.equal(typeof readKept(state).pinned, "boolean")));
});
