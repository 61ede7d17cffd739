import type { Verdict } from "#protocol/corpus.ts";

/** The text by which problems are compared: letter case and white space do not count. */
export const normalise = (text: string): string => text.normalize("NFC").toLowerCase().replace(UNEVEN_SPACE, " ").trim();

/** Every run of white space but a single space, which would be replaced by itself. */
const UNEVEN_SPACE = /\s{2,}|[^\S ]/g;

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
