/** Reads a header by its lower-case name. */
export type Headers = (name: string) => string | null;

/**
 * How many seconds the endpoint asks us to wait, or null where it does not say: `retry-after-ms`, `Retry-After` (seconds or an HTTP date,
 * RFC 9110 section 10.2.3), then the `reset` headers of the limit that is used up, then the sentence in the error itself.
 * @param now milliseconds since the epoch
 */
export function readWait(headers: Headers, message: string, now: number): number | null {
  const milliseconds = number(headers("retry-after-ms"));
  if (milliseconds !== null) return milliseconds / 1000;
  const after = headers("retry-after");
  if (after !== null) {
    const wait = number(after) ?? until(date(after), now);
    if (wait !== null) return wait;
  }
  return readReset(headers, now) ?? readSentence(message);
}

const LIMITS = ["requests", "tokens", "input-tokens", "output-tokens"];

function readReset(headers: Headers, now: number): number | null {
  const resets: { wait: number; usedUp: boolean }[] = [];
  for (const prefix of ["x-ratelimit", "anthropic-ratelimit"]) {
    for (const limit of ["", ...LIMITS]) {
      const suffix = limit === "" ? "" : `-${limit}`;
      const text = headers(`${prefix}-reset${suffix}`) ?? (limit === "" ? null : headers(`${prefix}-${limit}-reset`));
      const wait = text === null ? null : readMoment(text, now);
      const remaining = headers(`${prefix}-remaining${suffix}`) ?? headers(`${prefix}-${limit}-remaining`);
      if (wait !== null) resets.push({ wait, usedUp: number(remaining) === 0 });
    }
  }
  const used = resets.filter((reset) => reset.usedUp);
  const waits = (used.length > 0 ? used : resets).map((reset) => reset.wait);
  return waits.length === 0 ? null : Math.max(...waits);
}

/** A span ("1s", "6m0s", "120ms"), seconds, seconds or milliseconds since the epoch, or a date: every provider has its own. */
function readMoment(text: string, now: number): number | null {
  const value = number(text);
  if (value !== null) {
    if (value > 1e11) return until(value, now);
    return value > 1e8 ? until(value * 1000, now) : value;
  }
  return readSpan(text) ?? until(date(text), now);
}

const UNITS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

function readSpan(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text.trim())) return null;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) seconds += Number(amount) * (UNITS[unit ?? "s"] ?? 1);
  return seconds;
}

/** "Please try again in 6m0s", "Please retry in 12.3s", "try again in 20 seconds". */
function readSentence(message: string): number | null {
  const found = /(?:try again|retry)\s+(?:in|after)\s+((?:\d+(?:\.\d+)?(?:ms|[smhd]))+|\d+(?:\.\d+)?\s*seconds?)/i.exec(message)?.[1];
  if (found === undefined) return null;
  return readSpan(found) ?? number(found.replace(/\s*seconds?$/, ""));
}

function number(text: string | null): number | null {
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** JavaScript takes almost anything for a date, even “-5”. */
const date = (text: string): number => (/^[A-Z]|T/.test(text) ? Date.parse(text) : Number.NaN);

const until = (moment: number, now: number): number | null => (Number.isFinite(moment) ? Math.max(0, (moment - now) / 1000) : null);
