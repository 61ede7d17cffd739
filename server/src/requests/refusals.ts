/** Refusals in a row for which a rate limit is waited out, and for how many milliseconds at least. */
export const PATIENCE = { refusals: 10, milliseconds: 30 * 60_000 } as const;

/** How long an endpoint has refused everything: rounds of refusals, and milliseconds since the first. */
export interface Refused {
  times: number;
  milliseconds: number;
}

/** The account of an endpoint's rate limit refusals, over all requests. */
export interface Refusals {
  /** A try starts; the number tells `refused` which one it was. */
  started(): number;
  /** A try was refused. Gives the account where the endpoint is to be given up, null where it is to be waited for. */
  refused(start: number, now: number): Refused | null;
  /** The endpoint took a request: whatever limited us is over. */
  accepted(): void;
}

/**
 * A rate limit is worth waiting for, but not for ever. The rule: an endpoint is given up when it refused ten times in a
 * row, and thirty minutes have passed since the first of these refusals, and it took no request at all in between. Both
 * must be true, so an endpoint that says “in an hour” is asked for ten hours, and one that says “in three seconds” for
 * half an hour. Tries that were already on their way when another one was refused say nothing new: of tries that ran
 * side by side one refusal counts.
 */
export function createRefusals(): Refusals {
  let starts = 0;
  let times = 0;
  let since = 0;
  let counted = 0;
  return {
    started: () => ++starts,
    refused(start, now) {
      if (start > counted) {
        if (times === 0) since = now;
        times++;
        counted = starts;
      }
      const milliseconds = now - since;
      return times >= PATIENCE.refusals && milliseconds >= PATIENCE.milliseconds ? { times, milliseconds } : null;
    },
    accepted() {
      times = 0;
    },
  };
}
