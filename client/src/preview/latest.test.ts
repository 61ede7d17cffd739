import assert from "node:assert/strict";
import { test } from "node:test";
import { createLatest } from "./latest.ts";

/** Work that goes on when the test says so. */
function stage() {
  const begun: number[] = [];
  const settled: string[] = [];
  let newest = 0;
  let release: (open: boolean) => void = () => {};
  let settleEnd: () => void = () => {};
  const latest = createLatest({
    run() {
      begun.push(newest);
      return new Promise((resolve) => {
        release = resolve;
      });
    },
    settle: (signal) =>
      new Promise((resolve) => {
        settled.push("begun");
        signal.addEventListener("abort", () => {
          settled.push("given up");
          resolve();
        });
        settleEnd = () => {
          settled.push("done");
          resolve();
        };
      }),
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    begun,
    settled,
    ask(value: number) {
      newest = value;
      latest.ask();
    },
    async finish(open = false) {
      release(open);
      await turn();
    },
    async settle() {
      settleEnd();
      await turn();
    },
    stop: latest.stop,
  };
}

test("one piece is under way, the newest waits, what lies between is left out", async () => {
  const { ask, begun, finish } = stage();
  for (const value of [1, 2, 3, 4]) ask(value);
  assert.deepEqual(begun, [1]);
  await finish();
  assert.deepEqual(begun, [1, 4]);
  await finish();
  ask(5);
  assert.deepEqual(begun, [1, 4, 5]);
});

test("what is left open is settled once nothing else is asked, and given up when something is", async () => {
  const { ask, begun, finish, settled, settle } = stage();
  ask(1);
  await finish(true);
  assert.deepEqual(settled, ["begun"]);
  ask(2);
  assert.deepEqual(settled, ["begun", "given up"]);
  assert.deepEqual(begun, [1, 2]);
  ask(3);
  await finish(true);
  assert.deepEqual(settled, ["begun", "given up"], "not while something waits");
  await finish(true);
  await settle();
  assert.deepEqual(settled, ["begun", "given up", "begun", "done"]);
});

test("after the stop nothing begins", async () => {
  const { ask, begun, finish, stop, settled } = stage();
  ask(1);
  ask(2);
  stop();
  await finish(true);
  ask(3);
  assert.deepEqual(begun, [1]);
  assert.deepEqual(settled, []);
});
