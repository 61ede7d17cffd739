import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRefusals, PATIENCE } from "./refusals.ts";
import { MAX_RATE_LIMITED } from "./retry-policy.ts";
import { type Attempt, createScheduler, type Decision, type Outcome, type Scheduler, type SchedulerOptions } from "./scheduler.ts";

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
): Log & Pick<Scheduler<number>, "halted" | "waiting" | "refused" | "unaffordable" | "spent"> {
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
      const { decision } = scheduler.settle(one.attempt, one.outcome, now);
      log.decisions.set(one.attempt.item, [...(log.decisions.get(one.attempt.item) ?? []), decision]);
      if (one.outcome.kind === "failed" && one.outcome.wait !== null) log.pauses.push({ from: now, until: now + one.outcome.wait });
    }
  }
  const { halted, waiting, refused, unaffordable, spent } = scheduler;
  return { ...log, end: now, halted, waiting, refused, unaffordable, spent };
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
        } else assert.ok(log.halted === "hopeless" || log.halted === "rate-limited", log.halted);
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
      assert.equal(log.unaffordable, 2);
      assert.equal(log.spent, limit - 1);
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

test("an endpoint that refuses everything is waited for as long as the rule says, and not longer", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 1, max: 40 }),
      // From a second to two hours, or nothing said at all.
      fc.option(fc.integer({ min: 1_000, max: 7_200_000 }), { nil: null }),
      fc.integer({ min: 0, max: 20 }),
      (concurrency, retries, count, wait, before) => {
        const log = simulate({ concurrency, retries }, count + before, (nth) =>
          nth < before
            ? { kind: "answer", latency: 20, wait: 0 }
            : { kind: wait === null ? "limited" : "wait", latency: 20, wait: wait ?? 0 },
        );
        assert.equal(log.halted, "rate-limited");
        const { times, milliseconds } = log.refused ?? assert.fail();
        assert.ok(times >= PATIENCE.refusals, String(times));
        assert.ok(milliseconds >= PATIENCE.milliseconds, String(milliseconds));
        // The last refusal is the first one for which both are true.
        const longest = wait ?? 60_000;
        assert.ok(times === PATIENCE.refusals || milliseconds < PATIENCE.milliseconds + longest + 60_000, `${times} in ${milliseconds} ms`);
        for (const decisions of log.decisions.values())
          assert.ok(
            decisions.slice(0, -1).every((decision) => decision === "retry"),
            decisions.join(),
          );
      },
    ),
    { numRuns: 60 },
  );
});

test("refusals side by side count once, and one accepted request begins the account anew", () => {
  const refusals = createRefusals();
  const hour = 3_600_000;
  const burst = Array.from({ length: 64 }, () => refusals.started());
  for (const start of burst) assert.equal(refusals.refused(start, 0), null);
  for (let time = 1; time < 9; time++) assert.equal(refusals.refused(refusals.started(), time * hour), null);
  const late = refusals.started();
  refusals.accepted();
  assert.equal(refusals.refused(late, 9 * hour), null);
  for (let time = 1; time < 9; time++) assert.equal(refusals.refused(refusals.started(), (9 + time) * hour), null);
  assert.deepEqual(refusals.refused(refusals.started(), 18 * hour), { times: 10, milliseconds: 9 * hour });
});

test("ten refusals within less than half an hour are waited for", () => {
  const refusals = createRefusals();
  for (let at = 0; at < PATIENCE.milliseconds; at += 3_000) assert.equal(refusals.refused(refusals.started(), at), null);
  assert.deepEqual(refusals.refused(refusals.started(), PATIENCE.milliseconds), { times: 601, milliseconds: PATIENCE.milliseconds });
});

test("a request that alone is refused, again and again, is left out; the others are answered", () => {
  const scheduler = createScheduler<string>({ concurrency: 2, retries: 0, random: () => 0.5 });
  let now = 0;
  const oversize = "larger than the limit of a minute";
  scheduler.add(oversize, { tokens: 1, cost: 0 });
  let refused = 0;
  for (let turn = 0; turn < 1_000 && scheduler.missing === 0; turn++) {
    if (scheduler.waiting < 2) scheduler.add(`request ${turn}`, { tokens: 1, cost: 0 });
    const attempt = scheduler.start(now);
    if (attempt === null) {
      now = scheduler.wakeAt(now) ?? assert.fail();
      continue;
    }
    const limited: Outcome = { kind: "failed", class: "retry", wait: 0, limited: true, charged: false };
    if (attempt.item === oversize) refused++;
    now += 10_000;
    scheduler.settle(attempt, attempt.item === oversize ? limited : { kind: "answered", tokens: 1, cost: 0 }, now);
  }
  assert.equal(scheduler.missing, 1);
  assert.ok(refused > MAX_RATE_LIMITED);
  assert.equal(scheduler.halted, null);
});

test("a settled attempt says when it is asked again, for how long nothing is, and how often it failed", () => {
  const scheduler = createScheduler<number>({ concurrency: 2, retries: 2, random: () => 0 });
  for (let item = 0; item < 2; item++) scheduler.add(item, { tokens: 1, cost: 0 });
  const [first, second] = [scheduler.start(0) ?? assert.fail(), scheduler.start(0) ?? assert.fail()];
  const failure = { kind: "failed", class: "retry", charged: false } as const;
  assert.deepEqual(scheduler.settle(first, { ...failure, wait: null, limited: false }, 10), {
    decision: "retry",
    again: 500,
    pause: 0,
    failures: 1,
  });
  assert.deepEqual(scheduler.settle(second, { ...failure, wait: 600_000, limited: true }, 20), {
    decision: "retry",
    again: 600_000,
    pause: 600_000,
    failures: 0,
  });
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
  const fatal = { kind: "failed", class: "fatal", wait: null, limited: false, charged: false } as const;
  assert.equal(scheduler.settle(first, fatal, 1).decision, "missing");
  assert.equal(scheduler.halted, "fatal");
  assert.equal(scheduler.start(2), null);
  assert.equal(scheduler.wants(), false);
  assert.equal(scheduler.settle(second, { kind: "answered", tokens: null, cost: 0 }, 3).decision, "record", "what arrives is kept");
  assert.throws(() => scheduler.settle(second, { kind: "aborted" }, 4), /twice/);
  scheduler.halt("stopped");
  assert.equal(scheduler.halted, "fatal", "the first reason stays");
});
