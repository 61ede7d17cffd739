import type { Verdict } from "#protocol/corpus.ts";

/** Whether a problem's final answer was found; that it is right is not claimed. */
export function answerVerdict(answer: string | null): Verdict {
  if (answer === null) return { check: "answer", value: "fail", reason: "no answer found", evidence: null };
  return { check: "answer", value: "pass", reason: `answer ${answer.length > 40 ? `${answer.slice(0, 39)}…` : answer}`, evidence: answer };
}
