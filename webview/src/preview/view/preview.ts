import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { counted } from "../../shared/format.ts";
import { type KeyList, keyList } from "../../shared/keys.ts";
import { TABS, type Tab } from "../model/kept.ts";
import { isRunning, type Run, resultCount } from "../model/runs.ts";
import type { Store } from "../model/store.ts";
import { type Banner, bannerOf, viewBanner } from "./banner.ts";
import { viewFooter } from "./footer.ts";
import { viewLegend } from "./legend.ts";
import { viewMessages } from "./messages.ts";
import { viewPicker } from "./picker.ts";
import { viewResults } from "./results.ts";
import { viewTabs } from "./tabs.ts";
import { viewWire } from "./wire.ts";

/** What only this drawing of the panel knows. */
export interface ViewState {
  now: number;
  bannerOpen: boolean;
  toggleBanner(): void;
  keys: boolean;
  closeKeys(): void;
}

const KEYS: KeyList = [
  ["Ctrl+Enter", "generate"],
  ["Esc", "stop what is being written"],
  ["Alt+← Alt+→", "previous and next seed"],
  ["Alt+R", "random seed"],
  ["Alt+L", "longest seed"],
  ["/", "search seeds"],
  ["Ctrl+1 … Ctrl+3", "messages, wire, results"],
  ["F6", "next area"],
  ["?", "this list"],
];

export function viewPreview(store: Store, view: ViewState): TemplateResult {
  const { state } = store;
  const { host, tab, runs } = state;
  const banner = bannerOf(state);
  return html`<div class="preview">
    <header>
      <h1 class="unseen">${host?.name == null ? "Preview" : `Preview of ${host.name}`}</h1>
      ${viewTabs(store)}
      ${viewPicker(store)}
      ${viewThird(store, banner, view)}
    </header>
    <main><div
      class="panel ${banner?.old === true ? "old" : ""}"
      id="panel-${tab}"
      role="tabpanel"
      aria-labelledby="tab-${tab}"
      tabindex="0"
      data-area="Contents"
      @scroll=${(event: Event) => store.scrolled(tab, (event.target as HTMLElement).scrollTop)}
    >${viewBody(store, tab, view.now)}</div></main>
    ${viewFooter(store)}
    ${TABS.filter((name) => name !== tab).map((name) => html`<div id="panel-${name}" hidden></div>`)}
    <div class="unseen" role="status">${announce(runs)}</div>
    ${view.keys ? keyList("Keys of the preview", KEYS, view.closeKeys) : nothing}
  </div>`;
}

/** Legend and banner stand in one row, so that what is below never moves. */
function viewThird(store: Store, banner: Banner | null, view: ViewState): TemplateResult {
  const { preview } = store.state;
  if (banner !== null) return viewBanner(store, banner, { now: view.now, open: view.bannerOpen, toggle: view.toggleBanner });
  return preview === null ? html`<div class="legend"></div>` : viewLegend(store, preview);
}

function viewBody(store: Store, tab: Tab, now: number): TemplateResult {
  const { good, host, runs, line, settings, compared } = store.state;
  if (tab === "results") return viewResults(store, runs, { now, alone: true });
  const rendering = good?.rendering ?? null;
  if (rendering === null)
    return html`<div class="empty">${host?.uri == null ? html`<p>Open a .prompty file to see what it will send.</p>` : nothing}</div>`;
  // A long rendering is drawn again only when it is another one.
  if (tab === "wire") return html`${guard([rendering.wire], () => viewWire(store, rendering.wire))}`;
  const [newest] = runs;
  return html`${guard([rendering, line], () => viewMessages(store, rendering))}${
    newest === undefined
      ? nothing
      : guard([newest, settings, compared, isRunning(newest) ? now : 0], () => viewResults(store, [newest], { now, alone: false }))
  }`;
}

/** What a screen reader is told of a run: how many problems have come, and that it is over. */
function announce(runs: readonly Run[]): string {
  const [run] = runs;
  if (run === undefined) return "";
  const come = counted(resultCount([run]), "problem");
  if (isRunning(run)) return `Generating: ${come} so far`;
  return run.problem === null ? `Generated ${come}` : run.problem.code === "cancelled" ? `Stopped after ${come}` : run.problem.message;
}
