import type { Clock } from "./clock.ts";

/** Nothing is shown of a wait that is shorter. */
export const QUIET_MS = 150;

/** From here on a wait is put into words. */
export const WORDS_MS = 1_000;

/** How a wait is shown: not at all, as ghosts of what is to come, or with words that say for how long. */
export type WaitPhase = "none" | "quiet" | "ghosts" | "words";

/** One wait, from its beginning to its end, with a call at each change of what is to be shown. */
export interface Wait {
  readonly phase: WaitPhase;
  /** Whole seconds since it began. */
  readonly seconds: number;
  /** Begins it, if it has not begun. */
  begin(): void;
  end(): void;
}

export function createWait(clock: Clock, onChange: () => void): Wait {
  let since: number | null = null;
  let stop = () => {};

  const elapsed = () => (since === null ? 0 : clock.now() - since);
  const phase = (): WaitPhase => {
    if (since === null) return "none";
    const time = elapsed();
    return time < QUIET_MS ? "quiet" : time < WORDS_MS ? "ghosts" : "words";
  };
  const next = () => {
    const time = elapsed();
    const at = time < QUIET_MS ? QUIET_MS : (Math.floor(time / WORDS_MS) + 1) * WORDS_MS;
    stop = clock.after(at - time, () => {
      onChange();
      if (since !== null) next();
    });
  };

  return {
    get phase() {
      return phase();
    },
    get seconds() {
      return Math.floor(elapsed() / 1_000);
    },
    begin() {
      if (since !== null) return;
      since = clock.now();
      next();
    },
    end() {
      if (since === null) return;
      const shown = phase() !== "quiet";
      since = null;
      stop();
      if (shown) onChange();
    },
  };
}
