import { html, type TemplateResult } from "lit";
import { CHECKS, type Check, type Verdict } from "#protocol/corpus.ts";

/** What a passed check says of a problem, and what a failed one does. */
export const CHECK_WORDS: Record<Check, { name: string; pass: string; fail: string }> = {
  parse: { name: "Form", pass: "in the form that was asked for", fail: "not in the form that was asked for" },
  answer: { name: "Answer", pass: "an answer was found", fail: "no answer was found" },
  copy: { name: "Own words", pass: "not copied from its seed", fail: "copied from its seed" },
  duplicate: { name: "New", pass: "no earlier row is the same", fail: "an earlier row is the same" },
};

/** The checks in their fixed order; one that is missing is unknown. */
const inOrder = (verdicts: readonly Verdict[]): Verdict[] =>
  CHECKS.map((check) => verdicts.find((one) => one.check === check) ?? { check, value: "unknown", reason: "not checked", evidence: null });

const sentence = ({ check, value, reason }: Verdict): string =>
  `${CHECK_WORDS[check].name}: ${value === "unknown" ? "not known" : CHECK_WORDS[check][value]}${reason === "" ? "" : ` (${reason})`}`;

/** All verdicts in words, for hovers and screen readers. */
export const verdictSentence = (verdicts: readonly Verdict[]): string => inOrder(verdicts).map(sentence).join("; ");

/** One small mark for each check, for a list: disc, diamond or ring. The words are on hover and for screen readers. */
export function verdictMarks(verdicts: readonly Verdict[]): TemplateResult {
  return html`<span class="marks" role="img" aria-label=${verdictSentence(verdicts)}>${inOrder(verdicts).map(
    (verdict) => html`<span class="mark ${verdict.value}" title=${sentence(verdict)}></span>`,
  )}</span>`;
}

/** The marks with the names of their checks, for details. */
export function verdictWords(verdicts: readonly Verdict[]): TemplateResult {
  return html`<span class="marks words">${inOrder(verdicts).map(
    (verdict) =>
      html`<span class="quiet" title=${sentence(verdict)}><span class="mark ${verdict.value}"></span> ${
        CHECK_WORDS[verdict.check].name
      } <span class="unseen">${verdict.value}, ${verdict.reason}</span></span>`,
  )}</span>`;
}
