/** Keeps an endpoint's limits per minute. Times are milliseconds of any clock that only goes forward. */
export interface Pacer {
  /** The earliest time at which a request of so many tokens may start; at most `now` where it may start at once. */
  readyAt(now: number, tokens: number): number;
  /** A request starts. */
  take(now: number, tokens: number): void;
  /** A request took fewer (or more) tokens than it was taken for. */
  refund(tokens: number): void;
}

const MINUTE = 60_000;
/** How much a late timer may catch up, so that pacing does not lose what timers lose. */
const SLACK = 100;
/** Share of the token limit that may be spent at once. */
const BURST = 0.05;

/**
 * No window of 60 seconds holds more than `rpm` starts: GCRA (ITU-T I.371) with its period stretched by the slack. Tokens
 * are a bucket that holds 5 % of `tpm` and fills with the other 95 % over a minute; a request larger than the bucket
 * waits until it is full and leaves a debt.
 */
export function createPacer(limits: { rpm?: number | undefined; tpm?: number | undefined }): Pacer {
  const period = limits.rpm === undefined ? 0 : (MINUTE + SLACK) / limits.rpm;
  const capacity = limits.tpm === undefined ? Number.POSITIVE_INFINITY : limits.tpm * BURST;
  const rate = limits.tpm === undefined ? 0 : (limits.tpm - capacity) / MINUTE;
  let expected = Number.NEGATIVE_INFINITY;
  let level = capacity;
  let filledAt = Number.NEGATIVE_INFINITY;

  const fill = (now: number) => {
    if (rate === 0) return;
    if (now > filledAt) level = Math.min(capacity, level + (now - filledAt) * rate);
    filledAt = Math.max(filledAt, now);
  };

  return {
    readyAt(now, tokens) {
      fill(now);
      const byRequests = period === 0 ? now : Math.max(now, expected - SLACK);
      const lacking = rate === 0 ? 0 : Math.min(tokens, capacity) - level;
      // A tolerance far below one token: the sum of many small refills is not exact.
      return lacking > 1e-6 ? Math.max(byRequests, now + lacking / rate) : byRequests;
    },
    take(now, tokens) {
      fill(now);
      expected = Math.max(now, expected) + period;
      if (rate > 0) level -= tokens;
    },
    refund(tokens) {
      if (rate > 0) level = Math.min(capacity, level + tokens);
    },
  };
}
