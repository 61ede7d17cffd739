import { html, nothing, type TemplateResult } from "lit";
import type { Check } from "#protocol/corpus.ts";
import type { Facet } from "#protocol/messages/corpus.ts";
import { count } from "../../shared/format.ts";
import { CHECK_WORDS } from "../../shared/verdicts.ts";
import { fieldWords, isChecked, toggleValue, VERDICT_FIELDS, valueWords } from "../model/filters.ts";
import type { CorpusStore } from "../model/store.ts";
import { viewHistogram } from "./histogram.ts";

/** Values of a facet that are shown before the reader asks for all of them. */
const FIRST_VALUES = 10;

/** Which parts of the rail the reader has opened. */
export interface RailState {
  whole: Set<string>;
  changed(): void;
}

/** The rail: what the rows have in common, with counts. Bars keep the scale of the whole dataset. */
export function viewFacets(store: CorpusStore, rail: RailState): TemplateResult {
  const { facets } = store.counting;
  const plain = (facets?.facets ?? []).filter(({ field, values }) => !VERDICT_FIELDS.includes(field) && isTelling(field, values));
  const labels = plain.filter(({ field }) => field === "label");
  const verdicts = VERDICT_FIELDS.map((field) => facets?.facets.find((one) => one.field === field)).filter((one) => one !== undefined);
  const checked = verdicts.filter(({ values }) => values.some(({ total }) => total > 0));
  return html`<nav class="rail" id="rail" data-area="facets" aria-label="Filters">
    ${plain.filter(({ field }) => field !== "label").map((facet) => viewFacet(store, facet, rail))}
    ${
      checked.length === 0
        ? nothing
        : html`<section>
            <h2>Verdicts <span>failed</span></h2>
            ${checked.map((facet) => viewVerdict(store, facet, rail))}
          </section>`
    }
    ${(facets?.histograms ?? []).filter(({ total }) => total.length > 1).map((histogram) => viewHistogram(store, histogram))}
    ${labels.map((facet) => viewFacet(store, { ...facet, values: [...facet.values].sort(noneLast) }, rail))}
    ${store.counting.wait.phase === "words" && facets === null ? html`<p class="quiet" role="status">Counting, ${store.counting.wait.seconds} s so far</p>` : nothing}
  </nav>`;
}

const noneLast = (one: Facet["values"][number], other: Facet["values"][number]): number =>
  Number(one.value === "none") - Number(other.value === "none") || one.value.localeCompare(other.value);

/** A field that all rows have the same value of tells nothing; labels are always worth a filter. */
const isTelling = (field: string, values: Facet["values"]): boolean => field === "label" || values.length > 1;

function viewFacet(store: CorpusStore, { field, values }: Facet, rail: RailState): TemplateResult {
  const most = Math.max(1, ...values.map(({ total }) => total));
  const { where } = store.listing.view;
  const whole = rail.whole.has(field);
  const shown = whole ? values : values.filter(({ value }, at) => at < FIRST_VALUES || isChecked(where, field, value));
  const name = fieldWords(field);
  return html`<section>
    <h2>${name.charAt(0).toUpperCase()}${name.slice(1)}</h2>
    <div role="group" aria-label=${name}>
      ${shown.map((value) => viewValue(store, field, value, most))}
    </div>
    ${
      values.length > FIRST_VALUES
        ? html`<button class="link more" aria-expanded=${whole} @click=${() => flip(rail, field)}>
            ${whole ? "Show fewer" : `Show all ${count(values.length)}`}
          </button>`
        : nothing
    }
  </section>`;
}

function viewValue(store: CorpusStore, field: string, { value, total, shown }: Facet["values"][number], most: number): TemplateResult {
  const { where } = store.listing.view;
  const on = isChecked(where, field, value);
  const any = where.some((one) => one.field === field && one.op === "=");
  const words = valueWords(field, value);
  return html`<label class="value ${on || !any ? "" : "off"}" title="${words}: ${count(shown)} of ${count(total)} rows">
    <input type="checkbox" .checked=${on} aria-label="${words}, ${count(shown)} rows" @change=${() => store.setView({ where: toggleValue(where, field, value) })} />
    <span class="ellipsis">${words}</span>
    ${viewBar(total, shown, most, on || !any)}
    <span class="num">${count(shown)}</span>
  </label>`;
}

/** The grey part is the whole dataset, the blue part what the other filters leave of it. */
const viewBar = (total: number, shown: number, most: number, on: boolean): TemplateResult =>
  html`<span class="bar" aria-hidden="true"
    ><i style="width: ${(total / most) * 100}%"><b class=${on ? "on" : ""} style="width: ${total === 0 ? 0 : (shown / total) * 100}%"></b></i
  ></span>`;

const VALUES = ["pass", "fail", "unknown"] as const;

function viewVerdict(store: CorpusStore, { field, values }: Facet, rail: RailState): TemplateResult {
  const { where } = store.listing.view;
  const name = CHECK_WORDS[field.slice("verdict.".length) as Check].name;
  const of = (wanted: string) => values.find(({ value }) => value === wanted) ?? { value: wanted, total: 0, shown: 0 };
  const sum = VALUES.reduce((all, value) => all + of(value).shown, 0);
  const open = rail.whole.has(field) || where.some((one) => one.field === field);
  const most = Math.max(1, ...VALUES.map((value) => of(value).total));
  return html`<div class="verdict">
      <button class="link name" aria-expanded=${open} @click=${() => flip(rail, field)}>${name}</button>
      <span class="bar whole">
        ${VALUES.filter((value) => of(value).shown > 0).map(
          (value) =>
            html`<button
              class="part ${value}"
              tabindex="-1"
              style="flex-grow: ${of(value).shown}"
              title="${name}: ${WORDS[value]}, ${count(of(value).shown)} rows"
              aria-label="${name}: ${WORDS[value]}, ${count(of(value).shown)} rows"
              aria-pressed=${isChecked(where, field, value)}
              @click=${() => store.setView({ where: toggleValue(where, field, value) })}
            ></button>`,
        )}
      </span>
      <span class="num">${sum === 0 ? "" : percent(of("fail").shown / sum)}</span>
    </div>
    ${open ? html`<div role="group" class="inside" aria-label=${name}>${VALUES.map((value) => viewValue(store, field, of(value), most))}</div>` : nothing}`;
}

const WORDS = { pass: "passed", fail: "failed", unknown: "not known" } as const;

const percent = (share: number): string => (share === 0 ? "0 %" : share < 0.001 ? "< 0.1 %" : `${(share * 100).toFixed(1)} %`);

function flip(rail: RailState, field: string): void {
  if (!rail.whole.delete(field)) rail.whole.add(field);
  rail.changed();
}
