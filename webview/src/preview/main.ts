import "../shared/theme.css";
import "katex/dist/katex.min.css";
import "./preview.css";
import { render } from "lit";
import { connect } from "../shared/bridge.ts";
import type { Kept } from "./model/kept.ts";
import { readKeptView } from "./model/kept.ts";
import { isRunning } from "./model/runs.ts";
import { createStore } from "./model/store.ts";
import { bannerOf } from "./view/banner.ts";
import { createCursorMark } from "./view/cursor.ts";
import { listenToKeys } from "./view/keys.ts";
import { type ViewState, viewPreview } from "./view/preview.ts";

const bridge = connect<Kept>();
const kept = readKeptView(bridge.state());
const cursor = createCursorMark(() => document.querySelector<HTMLElement>("#panel-messages[data-area]"));
let asked = false;
let tick: number | null = null;
/** Where the panel's contents were scrolled to before a reload, until they are there again. */
const places = { ...kept.scroll };

const view: ViewState = {
  now: Date.now(),
  bannerOpen: false,
  toggleBanner() {
    view.bannerOpen = !view.bannerOpen;
    draw();
  },
  keys: false,
  closeKeys() {
    view.keys = false;
    draw();
  },
};

/** However much changes at once, it is drawn once in a frame. */
function draw(): void {
  if (asked) return;
  asked = true;
  requestAnimationFrame(drawNow);
}

function drawNow(): void {
  asked = false;
  view.now = Date.now();
  const { state } = store;
  const banner = bannerOf(state);
  if (banner === null) view.bannerOpen = false;
  const follow = createFollow();
  render(viewPreview(store, view), document.body);
  restoreScroll();
  follow();
  cursor.mark(state.tab === "messages" ? (state.good?.rendering ?? null) : null, state.line);
  document.querySelector<HTMLDialogElement>("dialog.keys:not([open])")?.showModal();
  // Only what tells of time is drawn again for time's sake.
  const ticking = state.runs.some(isRunning) || banner?.old === true;
  if (ticking && tick === null) tick = window.setInterval(draw, 1_000);
  if (!ticking && tick !== null) {
    clearInterval(tick);
    tick = null;
  }
}

let newestRun: string | null = null;
/** A run that begins is brought into view, and stays in view while it is written unless the user scrolls away. */
function createFollow(): () => void {
  const panel = document.querySelector<HTMLElement>(".panel[data-area]");
  const running = store.state.runs.find(isRunning);
  const atEnd = panel !== null && panel.scrollHeight - panel.scrollTop - panel.clientHeight < 48;
  const begun = running !== undefined && running.run !== newestRun;
  return () => {
    if (running === undefined || panel === null || store.state.tab === "wire") return;
    newestRun = running.run;
    if (store.state.tab === "messages" && (begun || atEnd)) panel.scrollTop = panel.scrollHeight;
    else if (begun) panel.scrollTop = 0;
  };
}

let tabShown = kept.tab;
function restoreScroll(): void {
  const panel = document.querySelector<HTMLElement>(".panel[data-area]");
  const { tab, good } = store.state;
  if (panel === null) return;
  if (tab !== tabShown) {
    places[tab] ??= store.placeOf(tab);
    tabShown = tab;
  }
  const top = places[tab];
  // There is nothing to scroll before the contents are there.
  if (top === undefined || (tab !== "results" && good === null)) return;
  panel.scrollTop = top;
  delete places[tab];
}

const store = createStore({
  bridge,
  now: () => Date.now(),
  newRun: () => crypto.randomUUID(),
  after: (milliseconds, work) => void setTimeout(work, milliseconds),
  onChange: draw,
});
bridge.on("do", ({ what }) => {
  if (what === "generate") store.generate();
  else if (what === "search") {
    store.openPicker(true);
    drawNow();
    document.getElementById("seed-search")?.focus();
  } else store.pick(what);
});
listenToKeys(store, {
  draw: drawNow,
  showKeys() {
    view.keys = true;
    draw();
  },
});
draw();
bridge.ready();
