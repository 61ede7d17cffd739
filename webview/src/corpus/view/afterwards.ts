import { html, nothing, type TemplateResult } from "lit";
import type { WalkForward } from "#protocol/messages/corpus.ts";
import type { CorpusStore } from "../model/store.ts";
import { dayAndTime, wholeDate } from "./dates.ts";

const LABEL_WORDS = { keep: "kept", reject: "rejected" } as const;

/** What people did with the row. */
export function viewAfterwards(store: CorpusStore, { row, labels, parent }: WalkForward): TemplateResult {
  return html`<section>
    <h2>Where it went</h2>
    <dl class="facts">
      <dt class="quiet">Labels</dt>
      <dd>
        ${
          labels.length === 0
            ? html`<span class="quiet">none yet</span>`
            : html`<ul class="labels">
                ${labels.map(
                  ({ by, at, label, why }) =>
                    html`<li>
                      ${label === null ? "label taken away" : LABEL_WORDS[label]}
                      <span class="quiet">by ${by}, <span title=${wholeDate(at)}>${dayAndTime(at)}</span></span>
                      ${why === null ? nothing : html`<div class="quiet">${why}</div>`}
                    </li>`,
                )}
              </ul>`
        }
      </dd>
      ${
        parent === null
          ? nothing
          : html`<dt class="quiet">Edited</dt>
              <dd>
                <span class="quiet">by ${parent.by}, <span title=${wholeDate(parent.at)}>${dayAndTime(parent.at)}</span></span>
                <button class="link" @click=${() => void store.ask("host/compare", { left: parent.id, right: row.id })}>compare with before</button>
              </dd>`
      }
    </dl>
  </section>`;
}
