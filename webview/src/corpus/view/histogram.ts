import { html, nothing, svg, type TemplateResult } from "lit";
import type { Histogram } from "#protocol/messages/corpus.ts";
import { count } from "../../shared/format.ts";
import { binsOfRange, rangeOfBins } from "../model/bins.ts";
import { fieldWords, rangeOf, rangeWords, setRange } from "../model/filters.ts";
import type { CorpusStore } from "../model/store.ts";

const HEIGHT = 34;

/** A drag over a histogram that has not ended. It is over as soon as the button is released, so it outlives no drawing of the panel. */
let brush: { field: string; from: number; to: number } | null = null;

/** How a number is distributed, and a brush that chooses a part of it. Bars of the whole dataset are grey, those that are shown blue. */
export function viewHistogram(store: CorpusStore, histogram: Histogram): TemplateResult {
  const { field, edges, total, shown } = histogram;
  const { where } = store.listing.view;
  const range = rangeOf(where, field);
  const bins = total.length;
  const { from, to } = brush?.field === field ? ordered(brush) : binsOfRange(histogram, range);
  const most = Math.max(1, ...total);
  const height = (rows: number) => (rows === 0 ? 0 : Math.max(1, (rows / most) * (HEIGHT - 2)));
  const name = fieldWords(field);
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const set = (low: number, high: number) => store.setView({ where: setRange(where, field, rangeOfBins(histogram, low, high)) });
  return html`<section class="histogram">
    <h2>${title} <span class="num">${range === null ? nothing : rangeWords(range)}</span></h2>
    <svg
      viewBox="0 0 ${bins} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label=${describe(title, histogram)}
      @pointerdown=${(event: PointerEvent) => drag(event, field, bins, store, set)}
      @dblclick=${() => store.setView({ where: setRange(where, field, null) })}
    >
      ${total.map((rows, bin) => {
        const inside = bin >= from && bin < to;
        return svg`<rect class="all" x=${bin} y=${HEIGHT - height(rows)} width="0.86" height=${height(rows)}></rect>
          <rect class=${inside ? "shown" : "left"} x=${bin} y=${HEIGHT - height(shown[bin] ?? 0)} width="0.86" height=${height(shown[bin] ?? 0)}></rect>`;
      })}
      <line class="base" x1="0" x2=${bins} y1=${HEIGHT} y2=${HEIGHT}></line>
    </svg>
    <div class="handles">
      ${viewHandle(`${title} from`, from, 0, to - 1, edges, bins, (bin) => set(bin, to))}
      ${viewHandle(`${title} to`, to, from + 1, bins, edges, bins, (bin) => set(from, bin))}
    </div>
    <div class="ends num quiet"><span>${count(Math.round(edges[0] ?? 0))}</span><span>${count(Math.round(edges.at(-1) ?? 0))}</span></div>
  </section>`;
}

function viewHandle(
  label: string,
  bin: number,
  low: number,
  high: number,
  edges: readonly number[],
  bins: number,
  set: (bin: number) => void,
): TemplateResult {
  const press = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5, Home: -bins, End: bins }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.min(Math.max(bin + step, low), high);
    if (next !== bin) set(next);
  };
  return html`<span
    class="handle"
    role="slider"
    tabindex="0"
    aria-label=${label}
    aria-valuemin=${Math.round(edges[0] ?? 0)}
    aria-valuemax=${Math.round(edges.at(-1) ?? 0)}
    aria-valuenow=${Math.round(edges[bin] ?? 0)}
    style="left: ${(bin / bins) * 100}%"
    @keydown=${press}
  ></span>`;
}

const ordered = ({ from, to }: { from: number; to: number }) => ({ from: Math.min(from, to), to: Math.max(from, to) });

function drag(event: PointerEvent, field: string, bins: number, store: CorpusStore, set: (from: number, to: number) => void): void {
  const area = event.currentTarget as SVGSVGElement;
  const binAt = ({ clientX }: PointerEvent) => {
    const { left, width } = area.getBoundingClientRect();
    return Math.min(bins, Math.max(0, ((clientX - left) / width) * bins));
  };
  const begin = binAt(event);
  area.setPointerCapture(event.pointerId);
  const move = (moved: PointerEvent) => {
    const now = binAt(moved);
    brush = { field, from: Math.floor(Math.min(begin, now)), to: Math.ceil(Math.max(begin, now)) };
    store.redraw();
  };
  const end = () => {
    area.removeEventListener("pointermove", move);
    const done = brush;
    brush = null;
    if (done !== null && done.to > done.from) set(done.from, done.to);
  };
  area.addEventListener("pointermove", move);
  area.addEventListener("lostpointercapture", end, { once: true });
}

/** What the picture says, for who cannot see it. */
function describe(title: string, { edges, total }: Histogram): string {
  const peak = total.indexOf(Math.max(...total));
  return `${title} from ${count(Math.round(edges[0] ?? 0))} to ${count(Math.round(edges.at(-1) ?? 0))}, most rows between ${count(Math.round(edges[peak] ?? 0))} and ${count(Math.round(edges[peak + 1] ?? 0))}`;
}
