import { html, nothing, type TemplateResult } from "lit";
import { count, counted } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { conditionWords, filteredFields, withoutField } from "../model/filters.ts";
import { countChosen } from "../model/selection.ts";
import type { CorpusStore } from "../model/store.ts";
import { isFiltered } from "../model/view.ts";

/** The filters that hold, each with its way out, and how many rows they leave. */
export function viewChips(store: CorpusStore, filters: { open: boolean; toggle(): void }): TemplateResult {
  const { view, rows, selection } = store.listing;
  const fields = filteredFields(view.where);
  const chosen = countChosen(selection);
  return html`<div class="chips" data-area="filters">
    <button class="action narrow" aria-expanded=${filters.open} @click=${filters.toggle}>${icon("filter")}Filters</button>
    ${fields.map((field) => {
      const words = conditionWords(view.where, field);
      return html`<span class="chip"
        >${words}<button
          class="action"
          title="Remove this filter"
          aria-label="Remove the filter ${words}"
          @click=${() => store.setView({ where: withoutField(view.where, field) })}
        >
          ${icon("close")}
        </button></span
      >`;
    })}
    ${
      isFiltered(view)
        ? html`<button class="link" @click=${() => clear(store)}>Clear</button>`
        : html`<span class="quiet wide">All rows</span>`
    }
    <span class="grow"></span>
    ${chosen > 1 ? html`<span class="num">${count(chosen)} selected</span>` : nothing}
    <span class="shown num">${shown(store, rows.total)}</span>
  </div>`;
}

/** The same for screen readers, which are told of changes. */
export function shownWords({ listing, health }: CorpusStore): string {
  const { rows } = listing;
  const all = health.info?.rows ?? null;
  return all === null || !rows.counted ? "" : `${count(rows.total)} of ${counted(all, "row")} shown`;
}

function shown({ listing, health }: CorpusStore, total: number): TemplateResult | string {
  const all = health.info?.rows ?? null;
  if (all === null || (!listing.rows.counted && total === 0)) return "";
  if (!listing.rows.counted)
    return html`<b>over ${count(Math.max(0, total - 1))}</b> <span class="quiet">of ${counted(all, "row")} shown</span>`;
  return html`<b>${count(total)}</b> <span class="quiet">of ${counted(all, "row")} shown</span>`;
}

export function clear(store: CorpusStore): void {
  store.setSearch("", true);
  store.setView({ where: [] });
}
