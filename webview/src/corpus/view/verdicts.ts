import { html, nothing, type TemplateResult } from "lit";
import { CHECKS, type Verdict } from "#protocol/corpus.ts";
import type { WalkForward } from "#protocol/messages/corpus.ts";
import { icon } from "../../shared/icon.ts";
import { CHECK_WORDS } from "../../shared/verdicts.ts";
import type { CorpusStore } from "../model/store.ts";

const ROW_ID = /^[0-9a-f]{24}$/;

const VALUE_WORDS = { pass: "passed", fail: "failed", unknown: "not known" } as const;

/** What each check says, why, and what that rests on. */
export function viewVerdicts(store: CorpusStore, walk: WalkForward): TemplateResult | typeof nothing {
  const { verdicts } = walk;
  if (verdicts.length === 0) return nothing;
  const ordered = CHECKS.map((check) => verdicts.find((one) => one.check === check)).filter((one) => one !== undefined);
  return html`<section>
    <h2>Verdicts</h2>
    <dl class="facts verdicts">
      ${ordered.map(
        (verdict) =>
          html`<dt><span class="mark ${verdict.value}" aria-hidden="true"></span>${CHECK_WORDS[verdict.check].name}</dt>
            <dd>
              <span class="unseen">${VALUE_WORDS[verdict.value]}: </span>
              <span class="quiet reason">${verdict.reason === "" ? VALUE_WORDS[verdict.value] : verdict.reason}</span>
              ${viewEvidence(store, walk, verdict)}
            </dd>`,
      )}
    </dl>
  </section>`;
}

/** Evidence that is a row is compared with this one; a text stands beneath on request; a number stands in the reason. */
function viewEvidence(
  store: CorpusStore,
  { row, seed }: WalkForward,
  { check, value, evidence }: Verdict,
): TemplateResult | typeof nothing {
  if (typeof evidence === "string" && ROW_ID.test(evidence))
    return html`<button class="link" @click=${() => void store.ask("host/compare", { left: evidence, right: row.id })}>compare</button>`;
  if (check === "copy" && seed !== null && value !== "pass")
    return html`<button class="link" @click=${() => void store.ask("host/compare", { left: seed.id, right: row.id })}>compare</button>`;
  if (typeof evidence !== "string" || evidence === "" || value === "pass") return nothing;
  return html`<details class="evidence"><summary>${icon("chevron-right")}evidence</summary><pre class="code" tabindex="0">${evidence}</pre></details>`;
}
