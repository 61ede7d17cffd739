import { html, nothing, type TemplateResult } from "lit";
import type { Row } from "#protocol/corpus.ts";
import { count } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { verdictMarks, verdictSentence } from "../../shared/verdicts.ts";
import type { SortField } from "../model/view.ts";
import { day, time, wholeDate } from "./dates.ts";
import type { RowText } from "./row-text.ts";

/** Every row has this height in pixels, so that the scrollbar is honest. */
export const ROW_HEIGHT = 88;

export interface RowPlace {
  index: number;
  total: number;
  /** Pixels from the top of the scrolled element. */
  y: number;
  chosen: boolean;
  active: boolean;
  sort: SortField;
}

/** One row of the list with its rendered problem. */
export function viewRow(row: Row, { element, words }: RowText, { index, total, y, chosen, active, sort }: RowPlace): TemplateResult {
  const kinds = [row.stage, row.format].filter((word) => word !== null).join(", ");
  return html`<div
    class="row ${row.kind} ${active ? "active" : ""}"
    role="option"
    id="row-${index}"
    data-index=${index}
    data-id=${row.id}
    aria-selected=${chosen}
    aria-posinset=${index + 1}
    aria-setsize=${total}
    style="transform: translateY(${y}px)"
  >
    <span class="unseen">${spoken(row, words)}</span>
    <div class="name" aria-hidden="true">
      <span class="id" title=${row.id}>${row.id.slice(0, 8)}</span>
      <span class="ellipsis quiet">${kinds}${sort === "created" ? nothing : html`<span class="beside num"> · ${viewSorted(row, sort)}</span>`}</span>
      ${row.label === null ? nothing : viewLabel(row.label)}
    </div>
    ${row.text === null ? html`<div class="text none quiet" aria-hidden="true">The answer was not in the form of a problem</div>` : element}
    ${row.kind === "seed" ? nothing : html`<div class="verdicts" aria-hidden="true">${verdictMarks(row.verdicts)}</div>`}
    <div class="sorted num" aria-hidden="true">${viewSorted(row, sort)}</div>
  </div>`;
}

/** A row as it is read aloud: formulas as they are written. */
const spoken = ({ id, kind, stage, format, label, verdicts }: Row, words: string): string =>
  [
    id.slice(0, 8),
    stage,
    format,
    label === null ? null : `label ${label}`,
    words === "" ? "no problem" : words,
    kind === "seed" ? null : verdictSentence(verdicts),
  ]
    .filter((part) => part !== null && part !== "")
    .join("; ");

const viewLabel = (label: "keep" | "reject"): TemplateResult =>
  html`<span class="label ${label}" title=${label === "keep" ? "keep" : "rejected"}>${icon(label === "keep" ? "check" : "close")}<span>${label === "keep" ? "keep" : "rejected"}</span></span>`;

function viewSorted(row: Row, sort: SortField): TemplateResult {
  if (sort === "created")
    return html`<span title=${wholeDate(row.created)}>${day(row.created)}<br /><span class="quiet">${time(row.created)}</span></span>`;
  const value = sort === "tokens" ? row.tokens : (row.text?.length ?? null);
  return html`${value === null ? html`<span class="quiet">not told</span>` : count(value)}`;
}

/** A row that is on its way: nothing at first, then the shape of one. */
export const viewGhost = (index: number, y: number, shown: boolean): TemplateResult =>
  html`<div class="row ghost ${shown ? "shown" : ""}" role="presentation" data-index=${index} style="transform: translateY(${y}px)">
    <i style="width: 62px"></i>
    <div><i style="width: ${86 - ((index * 37) % 23)}%"></i><i style="width: ${30 + ((index * 53) % 41)}%"></i></div>
    <i style="width: 64px"></i>
    <i style="width: 48px"></i>
  </div>`;
