import { html, type TemplateResult } from "lit";
import type { Label, Row } from "#protocol/corpus.ts";
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { icon } from "../../shared/icon.ts";
import { countChosen } from "../model/selection.ts";
import type { CorpusStore } from "../model/store.ts";

/** Keep, reject, and why. A press on the label that a row has takes it away. */
export function viewLabelBar(store: CorpusStore, row: Row): TemplateResult {
  const { acting, listing } = store;
  const chosen = countChosen(listing.selection);
  const current = listing.active?.id === row.id ? listing.active.label : row.label;
  const button = (label: Label, words: string, key: string, sign: string) => html`<vscode-button
    secondary
    class=${current === label ? "on" : ""}
    aria-pressed=${current === label}
    ?disabled=${!store.writable || acting.busy}
    @click=${() => void setLabel(store, label)}
    >${icon(sign)} ${words} <kbd class="key">${key}</kbd></vscode-button
  >`;
  return html`<div class="label-bar" data-area="label" role="group" aria-label=${chosen > 1 ? `Label ${chosen} rows` : "Label this row"}>
    ${button("keep", "Keep", "K", "check")} ${button("reject", "Reject", "X", "close")}
    <div class="why">
      <input
        id="why"
        type="text"
        aria-label="Why"
        placeholder="Why, if you like"
        ?disabled=${!store.writable}
        .value=${acting.why}
        @input=${(event: InputEvent) => {
          acting.why = (event.target as HTMLInputElement).value;
        }}
        @keydown=${(event: KeyboardEvent) => enter(event, store, current)}
      />
      <kbd class="key">W</kbd>
    </div>
  </div>`;
}

/** Enter gives the reason to the label that the row has; without one it waits for the label. */
function enter(event: KeyboardEvent, { acting, notices }: CorpusStore, current: Label | null): void {
  if (event.key !== "Enter") return;
  event.preventDefault();
  if (current !== null && acting.why.trim() !== "") void acting.label(current);
  else notices.say("Press K to keep the row or X to reject it: the reason goes with that.");
  document.querySelector<HTMLElement>(".scroller")?.focus({ preventScroll: true });
}

/** Several rows are always labelled; one that has this label loses it. */
export function setLabel({ acting, listing, reading }: CorpusStore, label: Label): Promise<void> {
  const current = listing.active?.id === reading.id ? listing.active?.label : reading.walk?.row.label;
  const again = countChosen(listing.selection) <= 1 && current === label && acting.why.trim() === "";
  return acting.label(again ? null : label);
}
