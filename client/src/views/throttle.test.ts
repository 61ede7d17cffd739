import assert from "node:assert/strict";
import { test } from "node:test";
import { throttle } from "./throttle.ts";

test("a burst costs two runs, whatever its size", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let runs = 0;
  const call = throttle(1_000, () => runs++);
  for (let event = 0; event < 100; event++) call();
  assert.equal(runs, 1);
  t.mock.timers.tick(1_000);
  assert.equal(runs, 2);
  t.mock.timers.tick(5_000);
  assert.equal(runs, 2);
  call();
  assert.equal(runs, 3);
});

test("what is cancelled does not run", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let runs = 0;
  const call = throttle(1_000, () => runs++);
  call();
  call();
  call.cancel();
  t.mock.timers.tick(5_000);
  assert.equal(runs, 1);
});
