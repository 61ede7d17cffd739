import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunningEngine } from "../jobs/send-model.ts";
import { createWarmEngines, type EngineWish } from "./warm-engines.ts";

const wish = (sha256: string, threads?: number): EngineWish => ({ model: { path: "m.gguf", sha256 }, home: "home", threads });
const never = new AbortController().signal;

/** Engines that only say what becomes of them. */
function fakes({ fail = false, ready = Promise.resolve() } = {}) {
  const said: string[] = [];
  const die: (() => void)[] = [];
  const start = async ({ model, threads }: EngineWish): Promise<RunningEngine> => {
    said.push(`start ${model.sha256}${threads === undefined ? "" : ` ${threads}`}`);
    await ready;
    if (fail) throw new Error("no memory");
    let end = () => {};
    const exited = new Promise<void>((resolve) => {
      end = resolve;
    });
    die.push(end);
    return {
      baseUrl: "http://127.0.0.1:1/v1",
      token: model.sha256,
      exited,
      async stop() {
        said.push(`stop ${model.sha256}`);
        end();
      },
    };
  };
  return { said, start, die };
}

test("one engine for each model serves all who ask, and is started once", async () => {
  const { said, start } = fakes();
  const engines = createWarmEngines(start, 60_000);
  let starts = 0;
  const options = { signal: never, onStart: () => void starts++ };
  const [one, two, other] = await Promise.all([
    engines.lease(wish("a"), options),
    engines.lease(wish("a"), options),
    engines.lease(wish("b"), options),
  ]);
  assert.deepEqual([one.token, two.token, other.token], ["a", "a", "b"]);
  for (const lease of [one, two, other]) await lease.stop();
  await (await engines.lease(wish("a"), options)).stop();
  assert.deepEqual(said, ["start a", "start b"]);
  assert.equal(starts, 2);
  await engines.close();
  assert.deepEqual(said.slice(2).sort(), ["stop a", "stop b"]);
});

test("an engine that nobody uses is ended after a while, one that is used is not", async () => {
  const { said, start } = fakes();
  const engines = createWarmEngines(start, 1);
  const used = await engines.lease(wish("a"), { signal: never });
  const idle = await engines.lease(wish("b"), { signal: never });
  // Settles when the engine was stopped, which only its idleness does.
  const ended = idle.exited;
  await idle.stop();
  await idle.stop();
  const alive = setInterval(() => {}, 1_000);
  await ended;
  clearInterval(alive);
  assert.deepEqual(said, ["start a", "start b", "stop b"]);
  await used.stop();
  await engines.close();
});

test("an engine that died is started anew by whoever asks next", async () => {
  const { said, start, die } = fakes();
  const engines = createWarmEngines(start, 60_000);
  const lease = await engines.lease(wish("a"), { signal: never });
  die[0]?.();
  await lease.exited;
  await lease.stop();
  await engines.lease(wish("a"), { signal: never });
  assert.deepEqual(said, ["start a", "start a"]);
});

test("a failed start is told to each who waits, and the next one tries again", async () => {
  const { said, start } = fakes({ fail: true });
  const engines = createWarmEngines(start, 60_000);
  const asked = [engines.lease(wish("a"), { signal: never }), engines.lease(wish("a"), { signal: never })];
  for (const one of asked) await assert.rejects(one, /no memory/);
  await assert.rejects(engines.lease(wish("a"), { signal: never }), /no memory/);
  assert.deepEqual(said, ["start a", "start a"]);
  await engines.close();
});

test("whoever gives up while the engine starts leaves it to the others", async () => {
  let open = () => {};
  const ready = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { said, start } = fakes({ ready });
  const engines = createWarmEngines(start, 60_000);
  const abort = new AbortController();
  const given = engines.lease(wish("a"), { signal: abort.signal });
  const other = engines.lease(wish("a"), { signal: never });
  abort.abort(new Error("enough"));
  await assert.rejects(given, /enough/);
  open();
  assert.equal((await other).token, "a");
  await assert.rejects(engines.lease(wish("a"), { signal: abort.signal }), /enough/);
  assert.deepEqual(said, ["start a"]);
});

test("other threads are only given to an engine that nobody uses, and a used one does not rest", async () => {
  const { said, start } = fakes();
  const engines = createWarmEngines(start, 60_000);
  const one = await engines.lease(wish("a", 1), { signal: never });
  await (await engines.lease(wish("a", 2), { signal: never })).stop();
  await engines.rest("a");
  assert.deepEqual(said, ["start a 1"]);
  await one.stop();
  await (await engines.lease(wish("a", 2), { signal: never })).stop();
  await engines.rest("a");
  await engines.rest("b");
  assert.deepEqual(said, ["start a 1", "stop a", "start a 2", "stop a"]);
});
