import { html, nothing, type TemplateResult } from "lit";
import { keyList } from "../../shared/keys.ts";
import type { CorpusStore } from "../model/store.ts";
import { viewChips } from "./chips.ts";
import { viewDetails } from "./details.ts";
import { type RailState, viewFacets } from "./facets.ts";
import { viewHeader } from "./header.ts";
import { SORT_HEADS } from "./heads.ts";
import { KEYS } from "./keys.ts";
import type { List } from "./list.ts";
import { viewNotices } from "./notice-line.ts";
import { viewSash } from "./panes.ts";
import { viewState } from "./states.ts";

/** What only the drawing knows. */
export interface PanelState {
  rail: RailState;
  /** In a narrow window the filters are a page over the list. */
  filters: boolean;
  keys: boolean;
  /** What is read aloud as it changes. */
  spoken: string;
}

export function viewPanel(store: CorpusStore, list: List, state: PanelState, change: (next: Partial<PanelState>) => void): TemplateResult {
  const instead = viewState(store);
  const seeds = store.health.info?.kind === "seed";
  return html`<main
      class="panel ${store.page ? "page" : ""} ${state.filters ? "filtering" : ""} ${seeds ? "seeds" : ""}"
      style="--rail: ${store.panes.rail}px; --details: ${store.panes.details}px"
    >
      ${viewHeader(store)}
      ${viewChips(store, { open: state.filters, toggle: () => change({ filters: !state.filters }) })}
      ${viewFacets(store, state.rail)} ${viewSash(store, "rail")}
      <section class="list" data-area="list" aria-label="List">
        <div class="heads" aria-hidden="true">
          <span>Row</span><span>${seeds ? "Seed" : "Problem"}</span>${seeds ? nothing : html`<span>Verdicts</span>`}
          <span class="sorted">${SORT_HEADS[store.listing.view.sort.field]}</span>
        </div>
        <div class="stage ${instead === null ? "" : "covered"}">${list.element}${instead ?? nothing}</div>
      </section>
      ${viewNotices(store)}
      ${viewSash(store, "details")} ${viewDetails(store)}
      <p class="unseen" role="status">${state.spoken}</p>
      <div class="drop" aria-hidden="true"><p>Drop to import into ${store.listing.view.dataset}</p></div>
    </main>
    ${state.keys ? keyList("Keys", KEYS, () => change({ keys: false })) : nothing}`;
}
