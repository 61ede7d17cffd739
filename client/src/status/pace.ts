import type { Progress } from "#protocol/corpus.ts";
import { bytes, duration } from "./words.ts";

/** A pace that is told before so much time has gone by says nothing. */
const LEAST_MILLISECONDS = 2_000;

/** Tells how fast bytes come and how long the rest will take, in words; nothing where neither can be said. `now`: milliseconds. */
export function createPace(now: () => number): (progress: Progress) => string {
  let first: { stage: string; at: number; done: number } | null = null;
  let last = 0;
  return ({ stage, done, total, unit }) => {
    if (first === null || first.stage !== stage || done < last) first = { stage, at: now(), done };
    last = done;
    const passed = now() - first.at;
    const did = done - first.done;
    if (passed < LEAST_MILLISECONDS || did <= 0) return "";
    const perSecond = (did / passed) * 1000;
    const left = total === undefined || total <= done ? "" : `${duration((total - done) / perSecond)} left`;
    return [/^bytes?$/.test(unit) ? `${bytes(perSecond)}/s` : "", left].filter((part) => part !== "").join(", ");
  };
}
