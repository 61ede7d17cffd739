import type { Verdict } from "#protocol/corpus.ts";

const PARSED: Verdict = { check: "parse", value: "pass", reason: "parsed", evidence: null };

/** Whether a response could be read as a problem. */
export function parseVerdict(failure: { reason: string; code: string } | null): Verdict {
  if (failure === null) return PARSED;
  return { check: "parse", value: "fail", reason: failure.reason, evidence: failure.code };
}
