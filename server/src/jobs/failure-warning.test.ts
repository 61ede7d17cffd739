import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settled } from "../requests/scheduler.ts";
import { failureWarning } from "./failure-warning.ts";
import { howItEnded } from "./send-ending.ts";
import { moneyText, spanText } from "./words.ts";

const reset = { code: "model/reset", message: "The connection broke.", remedy: "Send the request again." } as const;
const limit = { code: "model/rate-limited", message: "h asks to slow down (429)", remedy: "Wait and send again." } as const;
const settled = (more: Partial<Settled>): Settled => ({ decision: "retry", again: 1_234, pause: 0, failures: 1, ...more });

test("a warning says what the program does, and asks nothing of anybody where it does it by itself", () => {
  for (const [problem, how, halting, message] of [
    [reset, {}, false, "The connection broke; asked again in 1.2 s (try 2 of 6)"],
    [reset, { pause: 30_000 }, false, "The connection broke; all requests wait 30 s, then it is asked again (try 2 of 6)"],
    [reset, {}, true, "The connection broke; not asked again in this run, because it is stopping"],
    [reset, { decision: "missing" }, false, "The connection broke; given up for this run; the next one asks it again"],
    [limit, { pause: 600_000 }, false, "h asks to slow down (429); all requests wait 600 s"],
    [limit, {}, false, "h asks to slow down (429); asked again in 1.2 s"],
  ] as const)
    assert.deepEqual(failureWarning(problem, settled(how), 5, halting), { code: problem.code, message });
  assert.deepEqual(failureWarning(reset, settled({ decision: "record-error" }), 5, false), reset);
});

test("spans and money in words", () => {
  assert.deepEqual([0, 40, 1_234, 9_960, 600_000, 1_800_000, 7_200_000, 7_500_000].map(spanText), [
    "0 s",
    "0 s",
    "1.2 s",
    "10 s",
    "600 s",
    "30 min",
    "2 h",
    "2 h 5 min",
  ]);
  assert.deepEqual([0, 0.0255, 0.031, 12.5, 0.000123456, 1e-9].map(moneyText), [
    "0",
    "0.0255",
    "0.0310",
    "12.5000",
    "0.000123",
    "0.00000000100",
  ]);
});

const facts = {
  done: 3,
  total: 10,
  broken: null,
  lastFailure: null,
  spec: { budget: 0.05, endpoint: { name: "e" } },
  cost: 0.0255,
  unaffordable: null,
  refused: null,
};

test("the end by the budget says spent, budget and the next request's worst case", () => {
  const end = howItEnded({ ...facts, halted: "budget", unaffordable: 0.031 });
  assert.equal(end.problem?.message, "7 of 10 requests have no answer: spent 0.0255 of 0.05; the next request could cost up to 0.0310");
  assert.deepEqual(end.problem?.data, { done: 3, total: 10, missing: 7, budget: 0.05, spent: 0.0255, next: 0.031 });
  assert.equal(end.cost, 0.0255);
  const endless = howItEnded({ ...facts, halted: "budget", unaffordable: Number.POSITIVE_INFINITY });
  assert.match(endless.problem?.message ?? "", /no limit of tokens/);
  assert.match(endless.problem?.remedy ?? "", /^Give max_tokens/);
});

test("the end by a rate limit says how long it was waited for", () => {
  const end = howItEnded({ ...facts, halted: "rate-limited", lastFailure: limit, refused: { times: 12, milliseconds: 1_860_000 } });
  assert.equal(
    end.problem?.message,
    "7 of 10 requests have no answer: endpoint “e” refused everything for 31 min, 12 times in a row; the last time: h asks to slow down (429)",
  );
  assert.deepEqual(end.problem?.data, { done: 3, total: 10, missing: 7, refusals: 12, waitedSeconds: 1860 });
});
