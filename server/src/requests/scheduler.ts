import { createBudget } from "./budget.ts";
import type { Estimate } from "./estimate.ts";
import { createPacer } from "./pacing.ts";
import { createRefusals, type Refused } from "./refusals.ts";
import { DEFAULT_DELAYS, MAX_RATE_LIMITED, nextDelay } from "./retry-policy.ts";

export interface SchedulerOptions {
  concurrency: number;
  /** Tries after the first one, per request. */
  retries: number;
  rpm?: number | undefined;
  tpm?: number | undefined;
  /** Money, and what earlier runs of the same job spent of it. */
  budget?: number | undefined;
  spent?: number;
  delays?: { base: number; cap: number };
  /** Uniform in [0, 1). */
  random: () => number;
}

/** One try of one request. */
export interface Attempt<T> {
  item: T;
  estimate: Estimate;
  /** Which try this is, from 1. */
  tries: number;
}

export type Outcome =
  | { kind: "answered"; tokens: number | null; cost: number }
  /** `wait`: milliseconds that the endpoint asked for. `limited`: it was a rate limit. `charged`: it may have been paid all the same. */
  | { kind: "failed"; class: "retry" | "final" | "fatal"; wait: number | null; limited: boolean; charged: boolean }
  /** We gave it up ourselves, because the run is stopping. */
  | { kind: "aborted" };

/** What the driver does with a settled attempt. `missing`: not recorded, so that a later run asks again. */
export type Decision = "record" | "record-error" | "retry" | "missing";

export interface Settled {
  decision: Decision;
  /** Milliseconds until the request may be asked again; 0 where it is not `retry`. */
  again: number;
  /** Milliseconds for which nothing at all is asked, because of what this attempt was told; 0 where the others go on. */
  pause: number;
  /** Failures of the request so far, rate limits not counted. */
  failures: number;
}

/**
 * Why nothing starts any more. `hopeless`: too many requests in a row used up all their tries. `rate-limited`: the endpoint
 * refused everything for as long as `createRefusals` says.
 */
export type Halt = "stopped" | "fatal" | "budget" | "hopeless" | "rate-limited";

export interface Scheduler<T> {
  /** Whether another request should be read; keeps the memory flat whatever the shards hold. */
  wants(): boolean;
  add(item: T, estimate: Estimate): void;
  /** The next attempt that may start at `now`, or null. The caller starts it. */
  start(now: number): Attempt<T> | null;
  /** When `start` may give something without anything else happening; null where only a settled attempt or a new request helps. */
  wakeAt(now: number): number | null;
  settle(attempt: Attempt<T>, outcome: Outcome, now: number): Settled;
  /** Nothing starts any more; attempts in flight are still settled. */
  halt(why: Halt): void;
  readonly halted: Halt | null;
  readonly inFlight: number;
  /** Requests that wait for a first or a further try. */
  readonly waiting: number;
  readonly missing: number;
  readonly spent: number;
  /** What the request that the budget stopped could cost at worst; null where the budget stopped nothing. */
  readonly unaffordable: number | null;
  /** What made the scheduler halt with `rate-limited`. */
  readonly refused: Refused | null;
}

interface Waiting<T> {
  item: T;
  estimate: Estimate;
  tries: number;
  failures: number;
  /** Rate limits while other requests were answered, and the answers that there were at the last one. */
  limited: number;
  acceptedBefore: number;
  /** Which start of the whole run its last try was. */
  start: number;
  delay: number | null;
  notBefore: number;
}

/**
 * Decides which request starts when; the driver does the sending. Every request that was added ends in exactly one
 * `record`, `record-error` or `missing`, or is still waiting when the scheduler is halted. Times are milliseconds of a
 * clock that only goes forward.
 */
export function createScheduler<T>(options: SchedulerOptions): Scheduler<T> {
  const delays = options.delays ?? DEFAULT_DELAYS;
  const pacer = createPacer({ rpm: options.rpm, tpm: options.tpm });
  const budget = createBudget(options.budget, options.spent);
  const fresh: Waiting<T>[] = [];
  // Sorted by `notBefore`; never longer than the window, so an insertion is cheap.
  const delayed: Waiting<T>[] = [];
  const flying = new Map<Attempt<T>, Waiting<T>>();
  let pausedUntil = Number.NEGATIVE_INFINITY;
  // An endpoint that limits us is asked by fewer at once; every full round of answers lets one more in.
  let width = options.concurrency;
  let credit = 0;
  let narrowedUntil = Number.NEGATIVE_INFINITY;
  const refusals = createRefusals();
  let accepted = 0;
  let refused: Refused | null = null;
  let unaffordable: number | null = null;
  let halted: Halt | null = null;
  let missing = 0;
  let missingInARow = 0;

  const window = options.concurrency * 2;
  const head = (now: number): Waiting<T> | undefined => {
    const first = delayed[0];
    return first !== undefined && (first.notBefore <= now || fresh.length === 0) ? first : fresh[0];
  };
  const readyAt = (next: Waiting<T>, now: number): number =>
    Math.max(pausedUntil, next.notBefore, pacer.readyAt(now, next.estimate.tokens));

  const delay = (waiting: Waiting<T>, until: number) => {
    waiting.notBefore = until;
    let at = delayed.length;
    while (at > 0 && (delayed[at - 1]?.notBefore ?? 0) > until) at--;
    delayed.splice(at, 0, waiting);
  };

  const accept = () => {
    accepted++;
    missingInARow = 0;
    refusals.accepted();
  };

  const answered = () => {
    accept();
    if (width < options.concurrency && ++credit >= width) {
      width++;
      credit = 0;
    }
  };

  const giveUp = (): Decision => {
    missing++;
    missingInARow++;
    if (missingInARow >= Math.max(8, options.concurrency)) halted ??= "hopeless";
    return "missing";
  };

  const failed = (waiting: Waiting<T>, outcome: Outcome & { kind: "failed" }, now: number): Decision => {
    if (outcome.wait !== null) pausedUntil = Math.max(pausedUntil, now + outcome.wait);
    if (outcome.class === "final") {
      accept();
      return "record-error";
    }
    if (outcome.class === "fatal") {
      halted ??= "fatal";
      return "missing";
    }
    if (!outcome.limited) waiting.failures++;
    else {
      if (accepted > waiting.acceptedBefore) waiting.limited++;
      waiting.acceptedBefore = accepted;
      const account = refusals.refused(waiting.start, now);
      if (account !== null) {
        halted ??= "rate-limited";
        refused ??= account;
        return "missing";
      }
    }
    if (waiting.failures > options.retries || waiting.limited > MAX_RATE_LIMITED) return giveUp();
    waiting.delay = nextDelay(delays, waiting.delay, options.random);
    const until = now + Math.max(waiting.delay, outcome.wait ?? 0);
    if (outcome.limited) {
      if (now >= narrowedUntil) width = Math.max(1, width >> 1);
      // Refusals that come before the pause is over were already on their way: they say nothing new.
      narrowedUntil = Math.max(pausedUntil, until);
      credit = 0;
      if (outcome.wait === null) pausedUntil = Math.max(pausedUntil, until);
    }
    delay(waiting, until);
    return "retry";
  };

  return {
    wants: () => halted === null && fresh.length + delayed.length < window,
    add(item, estimate) {
      const untried = { tries: 0, failures: 0, limited: 0, acceptedBefore: 0, start: 0, delay: null };
      fresh.push({ item, estimate, ...untried, notBefore: Number.NEGATIVE_INFINITY });
    },
    start(now) {
      if (halted !== null || flying.size >= width) return null;
      const next = head(now);
      if (next === undefined || readyAt(next, now) > now) return null;
      if (!budget.fits(next.estimate.cost)) {
        if (flying.size === 0) {
          halted = "budget";
          unaffordable = next.estimate.cost;
        }
        return null;
      }
      (next === delayed[0] ? delayed : fresh).shift();
      pacer.take(now, next.estimate.tokens);
      budget.reserve(next.estimate.cost);
      next.tries++;
      next.start = refusals.started();
      const attempt: Attempt<T> = { item: next.item, estimate: next.estimate, tries: next.tries };
      flying.set(attempt, next);
      return attempt;
    },
    wakeAt(now) {
      if (halted !== null || flying.size >= width) return null;
      const next = head(now);
      if (next === undefined) return null;
      const at = readyAt(next, now);
      // It is only the budget that holds it back: the next answer tells.
      return at <= now && flying.size > 0 && !budget.fits(next.estimate.cost) ? null : at;
    },
    settle(attempt, outcome, now) {
      const waiting = flying.get(attempt);
      if (waiting === undefined) throw new Error("An attempt was settled twice.");
      flying.delete(attempt);
      const { tokens, cost } = attempt.estimate;
      if (outcome.kind === "answered") {
        budget.settle(cost, outcome.cost);
        if (outcome.tokens !== null) pacer.refund(tokens - outcome.tokens);
        answered();
        return { decision: "record", again: 0, pause: 0, failures: waiting.failures };
      }
      const charged = outcome.kind === "aborted" || outcome.charged;
      budget.settle(cost, charged && Number.isFinite(cost) ? cost : 0);
      if (!charged) pacer.refund(tokens);
      const decision = outcome.kind === "aborted" ? "missing" : failed(waiting, outcome, now);
      const asked = outcome.kind === "failed" && (outcome.limited || outcome.wait !== null);
      return {
        decision,
        again: decision === "retry" ? waiting.notBefore - now : 0,
        pause: asked ? Math.max(0, pausedUntil - now) : 0,
        failures: waiting.failures,
      };
    },
    halt(why) {
      halted ??= why;
    },
    get halted() {
      return halted;
    },
    get inFlight() {
      return flying.size;
    },
    get waiting() {
      return fresh.length + delayed.length;
    },
    get missing() {
      return missing;
    },
    get spent() {
      return budget.spent;
    },
    get unaffordable() {
      return unaffordable;
    },
    get refused() {
      return refused;
    },
  };
}
