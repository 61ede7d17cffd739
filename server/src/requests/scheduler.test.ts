import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Attempt, createScheduler, type Decision, type Outcome, type SchedulerOptions } from "./scheduler.ts";

interface Reaction {
  kind: "answer" | "retry" | "limited" | "wait" | "final";
  latency: number;
  wait: number;
}

interface Log {
  starts: { item: number; at: number }[];
  decisions: Map<number, Decision[]>;
  pauses: { from: number; until: number }[];
  mostInFlight: number;
  end: number;
}

/** Drives a scheduler with a clock of its own against an endpoint that reacts as given; every event is one step. */
function simulate(
  options: Omit<SchedulerOptions, "random">,
  count: number,
  react: (nth: number) => Reaction,
  cost = 0,
): Log & { halted: string | null; waiting: number } {
  let state = 1;
  const random = () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
  const scheduler = createScheduler<number>({ ...options, random });
  const flying: { attempt: Attempt<number>; at: number; outcome: Outcome }[] = [];
  const log: Log = { starts: [], decisions: new Map(), pauses: [], mostInFlight: 0, end: 0 };
  let now = 0;
  let added = 0;
  for (let step = 0; ; step++) {
    assert.ok(step < 100_000, "the scheduler stands still");
    while (added < count && scheduler.wants()) scheduler.add(added++, { tokens: 100, cost });
    for (let attempt = scheduler.start(now); attempt !== null; attempt = scheduler.start(now)) {
      const { kind, latency, wait } = react(log.starts.length);
      log.starts.push({ item: attempt.item, at: now });
      const failed = { kind: "failed", wait: null, limited: false, charged: false } as const;
      const outcome: Outcome =
        kind === "answer"
          ? { kind: "answered", tokens: 50, cost: cost / 2 }
          : kind === "final"
            ? { ...failed, class: "final" }
            : { ...failed, class: "retry", limited: kind !== "retry", wait: kind === "wait" ? wait : null };
      flying.push({ attempt, at: now + latency, outcome });
      log.mostInFlight = Math.max(log.mostInFlight, flying.length);
    }
    assert.equal(scheduler.inFlight, flying.length);
    if (flying.length === 0 && (scheduler.halted !== null || (added === count && scheduler.waiting === 0))) break;
    const wakeAt = scheduler.wakeAt(now) ?? Number.POSITIVE_INFINITY;
    const nextAnswer = Math.min(...flying.map(({ at }) => at));
    assert.ok(Number.isFinite(Math.min(wakeAt, nextAnswer)), "nothing will ever happen");
    assert.ok(wakeAt > now || nextAnswer <= wakeAt || scheduler.start(now) !== null, "it wants to be woken for nothing");
    now = Math.max(now, Math.min(wakeAt, nextAnswer));
    for (const one of flying.filter(({ at }) => at <= now)) {
      flying.splice(flying.indexOf(one), 1);
      const decision = scheduler.settle(one.attempt, one.outcome, now);
      log.decisions.set(one.attempt.item, [...(log.decisions.get(one.attempt.item) ?? []), decision]);
      if (one.outcome.kind === "failed" && one.outcome.wait !== null) log.pauses.push({ from: now, until: now + one.outcome.wait });
    }
  }
  return { ...log, end: now, halted: scheduler.halted, waiting: scheduler.waiting };
}

const reaction = fc.record({
  kind: fc.constantFrom(
    "answer" as const,
    "answer" as const,
    "answer" as const,
    "retry" as const,
    "limited" as const,
    "wait" as const,
    "final" as const,
  ),
  latency: fc.integer({ min: 0, max: 3_000 }),
  wait: fc.integer({ min: 0, max: 20_000 }),
});
const setup = fc.record({
  concurrency: fc.integer({ min: 1, max: 8 }),
  retries: fc.integer({ min: 0, max: 5 }),
  rpm: fc.option(fc.integer({ min: 1, max: 600 }), { nil: undefined }),
});

test("whatever an endpoint does: no request is lost or doubled, concurrency, pace and waits are kept", () => {
  fc.assert(
    fc.property(
      setup,
      fc.integer({ min: 0, max: 40 }),
      fc.array(reaction, { minLength: 1, maxLength: 40 }),
      (options, count, reactions) => {
        const log = simulate(options, count, (nth) => reactions[nth] ?? { kind: "answer", latency: 10, wait: 0 });
        assert.ok(log.mostInFlight <= options.concurrency);
        for (const decisions of log.decisions.values()) {
          const ends = decisions.filter((decision) => decision !== "retry");
          assert.ok(ends.length <= 1 && (ends.length === 0 || decisions.at(-1) === ends[0]), decisions.join());
        }
        if (log.halted === null) {
          assert.equal(log.decisions.size, count);
          for (const decisions of log.decisions.values()) assert.notEqual(decisions.at(-1), "retry");
        } else assert.equal(log.halted, "hopeless");
        for (const { from, until } of log.pauses)
          for (const { at } of log.starts) assert.ok(at <= from || at >= until, `started at ${at}, paused from ${from} until ${until}`);
        const { rpm } = options;
        if (rpm !== undefined)
          for (const [k, { at }] of log.starts.entries()) {
            const later = log.starts[k + rpm];
            assert.ok(later === undefined || later.at - at >= 60_000 - 1e-6, `${rpm + 1} starts within ${(later?.at ?? 0) - at} ms`);
          }
      },
    ),
    { numRuns: 300 },
  );
});

test("the money is never exceeded, and is spent as far as it goes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 8 }), (limit, concurrency) => {
      // The worst case is 2, an answer costs 1: stops when less than 2 is left.
      const log = simulate({ concurrency, retries: 2, budget: limit }, 100, () => ({ kind: "answer", latency: 5, wait: 0 }), 2);
      assert.equal(log.halted, "budget");
      assert.equal(log.starts.length, limit - 1);
    }),
  );
});

test("a rate limit does not use up retries, narrows the stream, and lets it widen again", () => {
  const limited = simulate({ concurrency: 1, retries: 0 }, 1, (nth) => ({ kind: nth < 20 ? "limited" : "answer", latency: 1, wait: 0 }));
  assert.deepEqual(limited.decisions.get(0)?.at(-1), "record");
  const wide = simulate({ concurrency: 8, retries: 3 }, 400, (nth) => ({ kind: nth === 0 ? "wait" : "answer", latency: 10, wait: 1_000 }));
  const atOnce = (from: number, to: number) => {
    const starts = wide.starts.slice(from, to);
    return Math.max(...starts.map(({ at }) => starts.filter((other) => other.at === at).length));
  };
  // Half of eight, and one more for the seven answers that were on their way.
  assert.ok(atOnce(8, 16) <= 5);
  assert.equal(atOnce(300, 400), 8);
});

test("delays between tries grow, and never beyond the cap", () => {
  const delays = { base: 100, cap: 1_000 };
  const { starts } = simulate({ concurrency: 1, retries: 6, delays }, 1, () => ({ kind: "retry", latency: 0, wait: 0 }));
  assert.equal(starts.length, 7);
  for (const [k, { at }] of starts.entries()) {
    if (k === 0) continue;
    const gap = at - (starts[k - 1]?.at ?? 0);
    assert.ok(gap >= 100 && gap <= 1_000, String(gap));
  }
});

test("an endpoint that never answers is given up", () => {
  const { halted, starts } = simulate({ concurrency: 4, retries: 1 }, 10_000, () => ({ kind: "retry", latency: 1, wait: 0 }));
  assert.equal(halted, "hopeless");
  assert.ok(starts.length < 50);
});

test("a fatal failure and a stop let nothing start any more", () => {
  const scheduler = createScheduler<number>({ concurrency: 2, retries: 1, random: Math.random });
  for (let item = 0; item < 3; item++) scheduler.add(item, { tokens: 1, cost: 0 });
  const first = scheduler.start(0);
  const second = scheduler.start(0);
  assert.ok(first !== null && second !== null);
  assert.equal(scheduler.settle(first, { kind: "failed", class: "fatal", wait: null, limited: false, charged: false }, 1), "missing");
  assert.equal(scheduler.halted, "fatal");
  assert.equal(scheduler.start(2), null);
  assert.equal(scheduler.wants(), false);
  assert.equal(scheduler.settle(second, { kind: "answered", tokens: null, cost: 0 }, 3), "record", "what arrives is kept");
  assert.throws(() => scheduler.settle(second, { kind: "aborted" }, 4), /twice/);
  scheduler.halt("stopped");
  assert.equal(scheduler.halted, "fatal", "the first reason stays");
});
