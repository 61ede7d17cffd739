import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "./describe.ts";

const quiet = { server: { name: "ready" }, works: [], trusted: true, recovered: null } as const;

test("each state has its own words", () => {
  const states = [
    describe({ ...quiet, server: { name: "stopped" } }),
    describe({ ...quiet, server: { name: "starting", after: null } }),
    describe({ ...quiet, server: { name: "starting", after: { code: "server/crashed", message: "It crashed" } } }),
    describe(quiet),
    describe({ ...quiet, works: ["Writing 3 problems"] }),
    describe({ ...quiet, trusted: false }),
    describe({ ...quiet, recovered: { code: "server/crashed", message: "It crashed" } }),
    describe({ ...quiet, server: { name: "crashed", problem: { code: "server/stopped", message: "Ten times" } } }),
  ];
  assert.equal(new Set(states.map(({ text }) => text)).size, states.length);
  assert.equal(new Set(states.map(({ detail }) => detail)).size, states.length);
});

test("of several works the first is named and the others counted", () => {
  const { text, detail } = describe({ ...quiet, works: ["Importing a.jsonl", "Writing 3 problems", "Rebuilding"] });
  assert.match(text, /Importing a\.jsonl and 2 more/);
  assert.match(detail, /Writing 3 problems/);
});

test("a server that is gone comes before the work it can no longer do", () => {
  const { level, detail } = describe({
    server: { name: "crashed", problem: { code: "server/stopped", message: "Ten times", remedy: "Restart it." } },
    works: ["Writing 3 problems"],
    trusted: false,
    recovered: null,
  });
  assert.equal(level, "error");
  assert.equal(detail, "Ten times. Restart it.");
});
