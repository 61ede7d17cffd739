import assert from "node:assert/strict";
import { test } from "node:test";
import type { GenerateEvent } from "#protocol/messages/generate.ts";
import type { Result } from "#protocol/messages.ts";
import { createRuns } from "./runs.ts";

const DONE = { job: "j", dataset: "d", requests: 1, reused: 0, accepted: 1, parsed: 1, seconds: 1, cost: null } as Result<"generate/run">;
const BEGUN = { run: "r", count: 1, template: "a.prompty", endpoint: null, began: "2026-01-01T00:00:00Z" };

function stage() {
  const posted: [string, unknown][] = [];
  const runs = createRuns(
    (event, data) => posted.push([event, data]),
    (thrown) => ({ code: "internal", message: String(thrown) }),
  );
  const event = (what: GenerateEvent) => runs.event({ project: "p", run: "r", event: what });
  const text = (key: string, more: string) => event({ type: "delta", key, sample: 0, seed: null, attempt: 1, text: more, reasoning: "" });
  return { posted, runs, event, text };
}

test("a panel that is made anew is told each text once, as far as it has come, and how the run ended", async () => {
  const { posted, runs, event, text } = stage();
  let finish: (done: typeof DONE) => void = () => {};
  runs.begin(BEGUN, () => new Promise((resolve) => (finish = resolve)));
  text("a", "x");
  text("b", "1");
  text("a", "y");
  const progress = { type: "progress", total: 2, tokens: 1, tokensPerSecond: null, secondsLeft: null, cost: null } as const;
  event({ ...progress, done: 0 });
  event({ ...progress, done: 1 });
  posted.length = 0;
  runs.replay();
  const told = posted.map(([, data]) => data as { done?: unknown; event?: { type: string; text?: string; done?: number } });
  assert.deepEqual(
    told.map((one) => one.event?.text ?? one.event?.done ?? one.done),
    [null, "xy", "1", 1],
  );
  finish(DONE);
  await new Promise((resolve) => setImmediate(resolve));
  posted.length = 0;
  runs.replay();
  assert.deepEqual((posted.at(-1) as [string, { done: unknown }])[1].done, DONE);
});

test("a run is stopped by its name alone, and one that fails says why", async () => {
  const { posted, runs } = stage();
  runs.begin(BEGUN, (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))));
  runs.stop("other");
  runs.stop("r");
  await new Promise((resolve) => setImmediate(resolve));
  assert.match((posted.at(-1) as [string, { problem: { message: string } }])[1].problem.message, /stopped/);
});

test("events of other runs are nobody's", () => {
  const { posted, text } = stage();
  text("a", "x");
  assert.deepEqual(posted, []);
});
