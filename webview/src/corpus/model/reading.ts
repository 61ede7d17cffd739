import type { Problem } from "#protocol/errors.ts";
import type { WalkForward } from "#protocol/messages/corpus.ts";
import { type Backend, problemOf } from "./backend.ts";
import type { Clock } from "./clock.ts";
import { createLatest } from "./latest.ts";
import { createLru } from "./lru.ts";
import { createWait, type Wait } from "./wait.ts";

/** The row that is read in the details, with everything before and after it. */
export interface Reading {
  readonly id: string | null;
  /** Of `id`; null until it has come. */
  readonly walk: WalkForward | null;
  readonly problem: Problem | null;
  readonly wait: Wait;
  /** Reads this row. While rows pass quickly, as with a held arrow key, only the last one is asked for. */
  show(id: string | null): void;
  /** Reads the same row again: something of it has changed. */
  again(): void;
}

/** Rows that pass faster than this are not asked for. */
const PASSING_MS = 80;

/** Rows whose details are remembered, for going back and forth. */
const REMEMBERED = 20;

export function createReading(backend: Backend, clock: Clock, onChange: () => void): Reading {
  const loading = createLatest();
  const wait = createWait(clock, onChange);
  const remembered = createLru<string, WalkForward>(REMEMBERED);
  let id: string | null = null;
  let walk: WalkForward | null = null;
  let problem: Problem | null = null;
  let last = Number.NEGATIVE_INFINITY;
  let unpass = () => {};

  const load = async (wanted: string) => {
    try {
      const found = await loading.run((signal) => backend.request("corpus/walk", { id: wanted }, signal));
      if (found === undefined) return;
      remembered.set(wanted, found);
      walk = found;
      problem = null;
    } catch (thrown) {
      const met = problemOf(thrown);
      if (met.code !== "cancelled") problem = met;
    }
    wait.end();
    onChange();
  };

  const read = (wanted: string) => {
    unpass();
    loading.stop();
    if (walk === null) wait.begin();
    const passing = clock.now() - last < PASSING_MS;
    last = clock.now();
    unpass = passing ? clock.after(PASSING_MS, () => void load(wanted)) : () => {};
    if (!passing) void load(wanted);
  };

  return {
    get id() {
      return id;
    },
    get walk() {
      return walk;
    },
    get problem() {
      return problem;
    },
    wait,
    show(next) {
      if (next === id) return;
      id = next;
      problem = null;
      walk = next === null ? null : (remembered.get(next) ?? null);
      wait.end();
      if (next === null) {
        unpass();
        loading.stop();
      } else read(next);
      onChange();
    },
    again() {
      remembered.clear();
      if (id !== null) read(id);
    },
  };
}
