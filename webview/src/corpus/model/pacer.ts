import type { Clock } from "./clock.ts";

/** Work that is asked for often and done seldom. */
export interface Pacer {
  /** Does it now, or soon after the last time. */
  ask(): void;
  stop(): void;
}

/** Never more often than every so many milliseconds, and never more than a small share of the time. */
export function createPacer(clock: Clock, atMost: number, run: () => Promise<unknown>): Pacer {
  let running = false;
  let again = false;
  let notBefore = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;

  const go = () => {
    cancel = null;
    running = true;
    again = false;
    const began = clock.now();
    void run().finally(() => {
      running = false;
      notBefore = clock.now() + Math.max(atMost, 5 * (clock.now() - began));
      if (again) ask();
    });
  };
  const ask = () => {
    if (running) again = true;
    else if (cancel === null) {
      const pause = notBefore - clock.now();
      if (pause <= 0) go();
      else cancel = clock.after(pause, go);
    }
  };
  return {
    ask,
    stop() {
      cancel?.();
      cancel = null;
      again = false;
    },
  };
}
