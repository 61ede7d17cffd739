import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { embeddedModel, type RunningEngine } from "../../server/src/jobs/send-model.ts";
import { createFaulty, type Faulty, type Scope } from "./faulty.ts";
import { marked, specOf } from "./requests.ts";

let server: Faulty;
before(async () => {
  server = await createFaulty();
});
after(() => server.close());

/** An engine that is a scope of the test's server, and dies when told. */
function fakeEngine(scope: Scope) {
  const engines: { die(): Promise<void>; stopped: boolean }[] = [];
  const start = async (): Promise<RunningEngine> => {
    let end = () => {};
    const exited = new Promise<void>((resolve) => {
      end = resolve;
    });
    const one = {
      stopped: false,
      async die() {
        end();
        await exited;
      },
    };
    engines.push(one);
    return {
      baseUrl: scope.url,
      token: `token-${engines.length}`,
      exited,
      async stop() {
        one.stopped = true;
        end();
      },
    };
  };
  return { engines, start };
}

const [first] = [...marked(1)];
const options = { signal: new AbortController().signal, onDelta: () => {} };

test("the engine starts with the first request, once for all of them, and stops with the run", async () => {
  const scope = server.scope();
  const { engines, start } = fakeEngine(scope);
  const model = embeddedModel(specOf(scope.url), start, () => assert.fail("nothing to warn about"));
  assert.equal(engines.length, 0);
  if (first === undefined) return assert.fail();
  await Promise.all([model.ask(first.line, options), model.ask(first.line, options)]);
  assert.equal(engines.length, 1);
  assert.deepEqual(
    scope.seen.map(({ authorization }) => authorization),
    ["Bearer token-1", "Bearer token-1"],
  );
  await model.close();
  assert.equal(engines[0]?.stopped, true);
});

test("an engine that dies is started again three times, then the job is told", async () => {
  const scope = server.scope();
  const { engines, start } = fakeEngine(scope);
  const warnings: string[] = [];
  const model = embeddedModel(specOf(scope.url), start, (message) => warnings.push(message));
  if (first === undefined) return assert.fail();
  for (let life = 1; life <= 4; life++) {
    await model.ask(first.line, options);
    assert.equal(engines.length, life);
    await engines[life - 1]?.die();
  }
  await assert.rejects(
    model.ask(first.line, options),
    (error) => error instanceof AppError && error.problem.code === "engine/start-failed",
  );
  assert.equal(engines.length, 4);
  assert.equal(warnings.length, 4);
  await model.close();
});

test("what still waits for an engine that died fails as a reset when the next one starts", async () => {
  const scope = server.scope((seen) => (seen.row === "0" ? { kind: "silent" } : { kind: "answer" }));
  const { engines, start } = fakeEngine(scope);
  const model = embeddedModel(specOf(scope.url, { stall_seconds: 3600 }), start, () => {});
  const [, second] = [...marked(2)];
  if (first === undefined || second === undefined) return assert.fail();
  const waiting = assert.rejects(
    model.ask(first.line, options),
    (error) => error instanceof AppError && error.problem.code === "model/reset" && /engine ended/.test(error.problem.message),
  );
  await scope.reached(1);
  await engines[0]?.die();
  await model.ask(second.line, options);
  await waiting;
  assert.equal(engines.length, 2);
  await model.close();
});

test("a start that fails is thrown to every request that waits for it", async () => {
  const model = embeddedModel(
    specOf("http://127.0.0.1:9"),
    () => Promise.reject(new Error("no engine")),
    () => {},
  );
  if (first === undefined) return assert.fail();
  const asked = [model.ask(first.line, options), model.ask(first.line, options)];
  for (const one of asked) await assert.rejects(one, /no engine/);
  await model.close();
});
