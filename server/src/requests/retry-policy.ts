/** Milliseconds. */
export interface RetryPolicy {
  /** Tries after the first one. */
  retries: number;
  base: number;
  cap: number;
}

export const DEFAULT_DELAYS = { base: 500, cap: 60_000 } as const;

/**
 * A rate limit is no failure of the request: it does not use up its retries. Only a request that is refused this often
 * although others were answered in between is given up, because the limit is then about the request: one that is larger
 * than the limit of a minute never passes. An endpoint that refuses everything is the affair of `createRefusals`.
 */
export const MAX_RATE_LIMITED = 50;

/**
 * Delay before the next try, by decorrelated jitter (M. Brooker, "Exponential Backoff And Jitter", AWS, 2015): uniform
 * between the base and three times the delay before, at most the cap. `random` is uniform in [0, 1).
 */
export function nextDelay(policy: Pick<RetryPolicy, "base" | "cap">, before: number | null, random: () => number): number {
  const high = Math.max(policy.base, (before ?? policy.base) * 3);
  return Math.min(policy.cap, policy.base + random() * (high - policy.base));
}
