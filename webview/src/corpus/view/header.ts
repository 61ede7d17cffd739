import { html, nothing, type TemplateResult } from "lit";
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { count, counted, duration } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import type { CorpusStore } from "../model/store.ts";
import { NEWEST_FIRST, type SortField } from "../model/view.ts";
import { dayAndTime, wholeDate } from "./dates.ts";

const SORTS: Record<SortField, string> = { created: "created", length: "length", tokens: "tokens" };

/** What the first and the last row of a sort are called. */
const DIRECTIONS: Record<SortField, { down: string; up: string }> = {
  created: { down: "Newest first", up: "Oldest first" },
  length: { down: "Longest first", up: "Shortest first" },
  tokens: { down: "Most tokens first", up: "Fewest tokens first" },
};

/** Name and size of the dataset, the search, the sort and the export. */
export function viewHeader(store: CorpusStore): TemplateResult {
  const { info } = store.health;
  const { view, rows } = store.listing;
  return html`<header class="header" data-area="header">
    <h1 class="ellipsis">${view.dataset}</h1>
    <span class="quiet num nowrap">${info === null ? nothing : info.rows === 0 ? "no rows yet" : counted(info.rows, "row")}</span>
    ${info === null || info.rows === 0 ? nothing : html`<span class="quiet ellipsis updated" title="Revision ${info.revision.slice(0, 12)}, ${wholeDate(info.updated)}">updated ${dayAndTime(info.updated)}</span>`}
    <span class="grow"></span>
    ${viewRebuild(store)}
    ${viewSearch(store)}
    ${viewSort(store)}
    <vscode-button
      class="export"
      secondary
      title="Write the rows that are shown to a JSON lines file"
      ?disabled=${rows.total === 0}
      aria-disabled=${rows.total === 0}
      @click=${() => void store.files.exportShown()}
      >${icon("export")}<span class="wide">Export ${rows.total === 0 ? "" : count(rows.total)}</span></vscode-button
    >
  </header>`;
}

function viewSearch(store: CorpusStore): TemplateResult {
  const { rows, view } = store.listing;
  const searching = view.search.trim() !== "";
  const answered = searching && rows.milliseconds !== null && store.searchText === view.search;
  const hits = !answered
    ? ""
    : `${rows.counted ? count(rows.total) : `over ${count(Math.max(0, rows.total - 1))}`} ${rows.total === 1 ? "hit" : "hits"} · ${time(rows.milliseconds ?? 0)}`;
  return html`<div class="search" role="search">
    ${icon("search")}
    <input
      id="search"
      type="text"
      aria-label="Search in the problems"
      placeholder="Search"
      autocomplete="off"
      spellcheck="false"
      .value=${store.searchText}
      @input=${(event: InputEvent) => store.setSearch((event.target as HTMLInputElement).value)}
    />
    <span class="hits quiet num">${hits}</span>
    ${
      store.searchText === ""
        ? html`<kbd class="key">/</kbd>`
        : html`<button class="action" title="Clear the search" aria-label="Clear the search" @click=${() => store.setSearch("", true)}>
            ${icon("close")}
          </button>`
    }
  </div>`;
}

const time = (milliseconds: number): string =>
  milliseconds < 1_000 ? `${Math.max(1, Math.round(milliseconds))} ms` : duration(milliseconds / 1_000);

function viewSort(store: CorpusStore): TemplateResult {
  const { sort } = store.listing.view;
  const { down, up } = DIRECTIONS[sort.field];
  const words = sort.descending ? down : up;
  const change = (event: Event) => {
    const field = (event.target as HTMLSelectElement).value as SortField;
    store.setView({ sort: { field, descending: NEWEST_FIRST.descending } });
  };
  return html`<div class="sort">
    <label><span class="quiet wide">Sort</span>
      <select aria-label="Sort" @change=${change}>
        ${(Object.keys(SORTS) as SortField[]).map((field) => html`<option value=${field} ?selected=${field === sort.field}>${SORTS[field]}</option>`)}
      </select>
    </label>
    <button
      class="action"
      title=${words}
      aria-label="${words}, turn round"
      @click=${() => store.setView({ sort: { ...sort, descending: !sort.descending } })}
    >
      ${icon(sort.descending ? "arrow-down" : "arrow-up")}
    </button>
  </div>`;
}

function viewRebuild({ health }: CorpusStore): TemplateResult | typeof nothing {
  if (health.rebuild === null) return nothing;
  const { progress, secondsLeft } = health.rebuild;
  const share = progress?.total === undefined || progress.total === 0 ? null : Math.min(1, progress.done / progress.total);
  return html`<div class="rebuild">
    <span class="quiet">Rebuilding from files</span>
    ${share === null ? nothing : html`<progress aria-label="Rebuilding from files" max="1" .value=${share}></progress>`}
    <span class="num">${share === null ? (progress === null ? "" : counted(progress.done, progress.unit.replace(/s$/, ""))) : `${Math.floor(share * 100)} %${secondsLeft === null ? "" : `, ${duration(secondsLeft)} left`}`}</span>
    <button class="action" @click=${() => health.cancelRebuild()}>Cancel</button>
  </div>`;
}
