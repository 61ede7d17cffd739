import assert from "node:assert/strict";
import { watch } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fail, toProblem } from "#protocol/errors.ts";
import { openEventLog } from "../../server/src/jobs/event-log.ts";
import { runSend } from "../../server/src/jobs/run-send.ts";
import { jobState } from "../../server/src/jobs/state.ts";
import { createFaulty, type Faulty } from "./faulty.ts";
import { errorsOf, events, makeJob, responses, scratch, send, warningsOf } from "./harness.ts";
import { keyOf } from "./requests.ts";

const folder = scratch();
let server: Faulty;
before(async () => {
  server = await createFaulty();
});
after(async () => {
  await server.close();
  folder.remove();
});

const project = (name: string): string => join(folder.path, name);

test("a refused key stops the job at once, and nothing is recorded", async () => {
  const scope = server.scope(() => ({ kind: "status", status: 401, body: { error: { message: "bad key", code: "invalid_api_key" } } }));
  const endpoint = { name: "stub", base_url: scope.url, model: "stub", api_key_env: "PIPE_TEST_KEY" };
  const { dir } = await makeJob(project("401"), scope.url, 50, { concurrency: 2, endpoint });
  const { code, stderr } = await send(dir, { PIPE_TEST_KEY: "sk-secret-of-the-test" }).ended;
  assert.equal(code, 1);
  assert.ok(scope.total() <= 2, `${scope.total()} requests`);
  assert.equal(scope.seen[0]?.authorization, "Bearer sk-secret-of-the-test");
  assert.equal(errorsOf(dir)[0]?.code, "model/wrong-key");
  assert.equal((await responses(dir)).length, 0);
  assert.equal((await jobState(dir)).state, "failed");
  assert.doesNotMatch(stderr + JSON.stringify(errorsOf(dir)), /sk-secret/);
});

test("a key that is not in the environment is named, and nothing is sent", async () => {
  const scope = server.scope();
  const endpoint = { name: "stub", base_url: scope.url, model: "stub", api_key_env: "PIPE_TEST_KEY_THAT_IS_NOT_SET" };
  const { dir } = await makeJob(project("nokey"), scope.url, 2, { endpoint });
  assert.equal((await send(dir).ended).code, 1);
  assert.equal(errorsOf(dir)[0]?.code, "model/missing-key");
  assert.match(errorsOf(dir)[0]?.message ?? "", /PIPE_TEST_KEY_THAT_IS_NOT_SET/);
  assert.equal(scope.total(), 0);
});

test("Retry-After holds the whole endpoint: no request arrives within the wait, and every row is answered once", async () => {
  const refused: number[] = [];
  const scope = server.scope((seen, all) => {
    if (all.length !== 6 && seen.row !== "9") return { kind: "answer" };
    if (seen.time > 1) return { kind: "answer" };
    refused.push(seen.at);
    return { kind: "status", status: 429, headers: { "retry-after": "1" } };
  });
  const { dir } = await makeJob(project("429"), scope.url, 20, { concurrency: 1 });
  assert.equal((await send(dir).ended).code, 0);
  assert.equal(refused.length, 2);
  for (const at of refused)
    for (const seen of scope.seen) assert.ok(seen.at <= at || seen.at >= at + 1000, `a request came ${seen.at - at} ms after the refusal`);
  assert.equal((await responses(dir)).length, 20);
  const warning = warningsOf(dir).find(({ code }) => code === "model/rate-limited");
  assert.match(warning?.message ?? "", /asks to slow down: no; all requests wait 1 s$/);
  assert.equal(warning?.remedy, undefined, "there is nothing to do where the program waits by itself");
});

test("server errors, resets, half answers and silence are asked again until every row has its answer", async () => {
  const faults = ["status", "reset", "malformed", "half"] as const;
  const scope = server.scope((seen) => {
    const kind = faults[Number(seen.row)];
    if (kind === undefined || seen.time > 2) return { kind: "answer" };
    return kind === "status" ? { kind, status: 500 } : { kind };
  });
  const { dir } = await makeJob(project("faults"), scope.url, 8, { stall_seconds: 0.5, concurrency: 8 });
  assert.equal((await send(dir).ended).code, 0);
  assert.deepEqual(scope.counts(), { "0": 3, "1": 3, "2": 3, "3": 3, "4": 1, "5": 1, "6": 1, "7": 1 });
  const tries = new Map((await responses(dir)).map((line) => [line.custom_id, line.timing?.tries]));
  assert.equal(tries.get(keyOf(0)), 3);
  assert.equal(tries.get(keyOf(7)), 1);
  const warnings = warningsOf(dir);
  for (const code of ["model/server-error", "model/reset", "model/not-json", "model/stalled"])
    assert.match(warnings.find((one) => one.code === code)?.message ?? "", /; asked again in \d+(\.\d)? s \(try 2 of 7\)$/, code);
  for (const { message, remedy } of warnings) assert.equal(remedy, undefined, message);
});

test("a request that never succeeds stays missing: the job says how many, and a later run asks only these", async () => {
  let healed = false;
  const scope = server.scope((seen) => (seen.row === "1" && !healed ? { kind: "status", status: 500 } : { kind: "answer" }));
  const { dir } = await makeJob(project("missing"), scope.url, 4, { retries: 1 });
  assert.equal((await send(dir).ended).code, 1);
  const [error] = errorsOf(dir);
  assert.equal(error?.code, "job/failed");
  assert.match(error?.message ?? "", /1 of 4 requests have no answer/);
  assert.match(error?.remedy ?? "", /asks only/);
  assert.ok(warningsOf(dir).some(({ message }) => /; given up for this run; the next one asks it again/.test(message)));
  assert.equal((await responses(dir)).length, 3);
  healed = true;
  assert.equal((await send(dir).ended).code, 0);
  assert.deepEqual(scope.counts(), { "0": 1, "1": 3, "2": 1, "3": 1 });
});

test("an error that is final for its request is recorded and not asked again; the others go on", async () => {
  const scope = server.scope((seen) =>
    seen.row === "1"
      ? { kind: "status", status: 400, body: { error: { message: "maximum context length is 10", code: "context_length_exceeded" } } }
      : { kind: "answer" },
  );
  const { dir } = await makeJob(project("final"), scope.url, 3);
  assert.equal((await send(dir).ended).code, 0);
  assert.equal((await send(dir).ended).code, 0);
  assert.deepEqual(scope.counts(), { "0": 1, "1": 1, "2": 1 });
  const failed = (await responses(dir)).find((line) => line.error !== null);
  assert.equal(failed?.custom_id, keyOf(1));
  assert.equal(failed?.response, null);
  assert.equal(failed?.error?.code, "model/context-too-long");
});

test("an endpoint that answers nothing at all is given up before the whole job has tried it", async () => {
  const scope = server.scope(() => ({ kind: "status", status: 503 }));
  const { dir } = await makeJob(project("hopeless"), scope.url, 500, { retries: 0, concurrency: 4 });
  assert.equal((await send(dir).ended).code, 1);
  assert.ok(scope.total() < 20, `${scope.total()} requests`);
  assert.match(errorsOf(dir)[0]?.message ?? "", /500 of 500 requests have no answer; the last failure/);
});

test("a budget is never exceeded, and counts what earlier runs spent", async () => {
  const scope = server.scope();
  // An answer costs 10 + 5 tokens, 0.00015; the worst case of one request is about four times that.
  const endpoint = { name: "stub", base_url: scope.url, model: "stub", price: { prompt: 10, completion: 10 } };
  const { dir } = await makeJob(project("budget"), scope.url, 60, { endpoint, budget: 0.006, concurrency: 4 });
  assert.equal((await send(dir).ended).code, 1);
  const asked = scope.total();
  assert.ok(asked > 5 && asked * 0.00015 <= 0.006, `${asked} requests`);
  const [, spent, next] = /: spent (\S+) of 0.006; the next request could cost up to (\S+)$/.exec(errorsOf(dir)[0]?.message ?? "") ?? [];
  assert.ok(Math.abs(Number(spent) - asked * 0.00015) < 1e-9, spent);
  assert.ok(Number(spent) + Number(next) > 0.006 && Number(next) > 0.00015, next);
  const end = events(dir).at(-1);
  assert.ok(end?.event === "end" && end.cost === Number(spent), JSON.stringify(end));
  const costs = events(dir).flatMap((event) => (event.event === "progress" ? [event.cost ?? Number.NaN] : []));
  assert.equal(costs.at(-1), Number(spent));
  assert.ok(
    costs.every((cost, at) => cost >= (costs[at - 1] ?? 0)),
    costs.join(),
  );
  assert.equal((await send(dir).ended).code, 1);
  assert.equal(scope.total(), asked, "the second run has no money left");
  const second = events(dir).at(-1);
  assert.equal(second?.event === "end" && second.cost, Number(spent), "money of earlier runs counts");
});

test("an endpoint that only refuses ends the run in order, with what was answered", async () => {
  const { dir, job } = await makeJob(project("refused"), "http://127.0.0.1:9/v1", 3, { retries: 2, concurrency: 1 });
  const log = openEventLog(dir, Date.now);
  let asked = 0;
  // A clock that goes forward by the time that is waited, so that nothing is: five minutes whenever somebody looks.
  let clock = 0;
  const ending = await runSend({
    dir,
    job,
    async ask(line) {
      asked++;
      if (asked > 1) throw fail("model/rate-limited", "The endpoint asks to slow down.", { remedy: "Wait and send again." });
      return { status: 200, requestId: null, body: { of: line.custom_id }, usage: null, milliseconds: 1 };
    },
    judge: (error) => ({ problem: toProblem(error), class: "retry", wait: 3_000 }),
    events: log,
    stop: new AbortController().signal,
    abort: new AbortController(),
    now: () => {
      clock += 300_000;
      return clock;
    },
    wallClock: () => new Date(),
    random: () => 0.5,
  });
  log.error(ending.problem ?? assert.fail("it ended well"));
  log.close();
  assert.equal(ending.code, 1);
  assert.equal(ending.done, 1);
  assert.equal((await responses(dir)).length, 1);
  assert.ok(asked >= 11, `${asked} requests`);
  const { code, message, remedy } = ending.problem ?? assert.fail();
  assert.equal(code, "model/rate-limited");
  assert.match(
    message,
    /^2 of 3 requests have no answer: endpoint “stub” refused everything for .+ (min|h), \d+ times in a row; the last time: /,
  );
  assert.match(remedy ?? "", /What was answered is kept\. Run the same command later/);
  const [first, collected] = warningsOf(dir);
  assert.match(first?.message ?? "", /slow down; /);
  assert.match(collected?.message ?? "", / \(\d+ times in \d+(\.\d)? s\)$/);
  assert.equal(events(dir).at(-1)?.event, "error", "collected warnings are not written behind the last words");
});

test("requests per minute are kept", async () => {
  const scope = server.scope();
  const endpoint = { name: "stub", base_url: scope.url, model: "stub", limits: { rpm: 600 } };
  const { dir } = await makeJob(project("rpm"), scope.url, 12, { endpoint, concurrency: 12 });
  assert.equal((await send(dir).ended).code, 0);
  const span = (scope.seen.at(-1)?.at ?? 0) - (scope.seen[0]?.at ?? 0);
  assert.ok(span >= 900, `12 requests within ${span} ms`);
});

test("a stream shows its tokens while they come, and is kept as one whole answer", async () => {
  let finish = () => {};
  const until = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const scope = server.scope(() => ({ kind: "stream", pieces: 7, until }));
  const { dir } = await makeJob(project("stream"), scope.url, 1, { stream: true });
  const run = send(dir);
  await scope.reached(1);
  const live = () => events(dir).some((event) => event.event === "progress" && event.done === 0 && event.tokens === 7);
  await new Promise<void>((resolve) => {
    const watcher = watch(dir, () => {
      if (!live()) return;
      watcher.close();
      resolve();
    });
  });
  finish();
  assert.equal((await run.ended).code, 0);
  const [line] = await responses(dir);
  assert.equal(line?.response?.body.object, "chat.completion");
  assert.match(JSON.stringify(line?.response?.body.choices), /w0 w1 w2 w3 w4 w5 w6/);
  assert.equal(events(dir).findLast((event) => event.event === "progress")?.tokens, 7);
});
