import type { Verdict } from "#protocol/corpus.ts";

/** The text by which problems are compared: letter case and white space do not count. */
export function normalise(text: string): string {
  const folded = text.normalize("NFC").toLowerCase();
  // To look first takes half the time, and most texts have nothing to replace.
  const uneven = folded.includes("  ") || OTHER_SPACE.test(folded);
  return (uneven ? folded.replace(/\s+/g, " ") : folded).trim();
}

const OTHER_SPACE = /[^\S ]/;

/** Digits of an id that a reason shows. */
const SHOWN_DIGITS = 6;

/** Whether an earlier row of the dataset has the same text; `original` is its id, or null. */
export function duplicateVerdict(original: string | null): Verdict {
  if (original === null) return { check: "duplicate", value: "pass", reason: "new", evidence: null };
  return { check: "duplicate", value: "fail", reason: `duplicate of ${original.slice(0, SHOWN_DIGITS)}`, evidence: original };
}

/** When and where a row came to be. The first of equal texts is the original, in whatever order they were ingested. */
export interface Origin {
  /** Milliseconds since 1970. */
  created: number;
  /** Request key, or hash of the imported file. */
  source: string;
  /** Index in the response, or line in the file. */
  ordinal: number;
}

/** Negative where `a` is earlier. */
export const compareOrigins = (a: Origin, b: Origin): number =>
  a.created - b.created || (a.source < b.source ? -1 : a.source > b.source ? 1 : a.ordinal - b.ordinal);
