import "../shared/theme.css";
import "katex/dist/katex.min.css";
import "./corpus.css";
import { render } from "lit";
import { connect } from "../shared/bridge.ts";
import { createAnnouncer } from "./model/announcer.ts";
import { browserClock } from "./model/clock.ts";
import { readKept } from "./model/kept-state.ts";
import { createStore } from "./model/store.ts";
import { shownWords } from "./view/chips.ts";
import { acceptDrops } from "./view/drop-zone.ts";
import { listenToKeys, NARROW } from "./view/keys.ts";
import { createList } from "./view/list.ts";
import { type PanelState, viewPanel } from "./view/panel.ts";

const bridge = connect();
const kept = readKept(bridge.state());
let asked = false;

/** However much changes at once, it is drawn once in a frame. */
const draw = () => {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    announcer.say(shownWords(store));
    state.spoken = announcer.words;
    render(viewPanel(store, list, state, change), document.body);
    list.draw();
    document.querySelector<HTMLDialogElement>("dialog.keys:not([open])")?.showModal();
  });
};
const store = createStore({ backend: bridge, clock: browserClock, onChange: draw, keep: bridge.keep });
const list = createList(store, () => store.setPage(true));
const state: PanelState = { rail: { whole: new Set(), changed: draw }, filters: false, keys: false, spoken: "" };
const announcer = createAnnouncer(browserClock, draw);
const change = (next: Partial<PanelState>) => {
  Object.assign(state, next);
  draw();
};

// Who reads the details when the window becomes narrow, as it does when a link opens a file beside the panel, goes on reading them.
let reads = false;
for (const event of ["focusin", "pointerdown"])
  document.addEventListener(event, ({ target }) => {
    reads = target instanceof Element && target.closest("#details") !== null;
  });
let turned = false;
NARROW.addEventListener("change", ({ matches }) => {
  if (matches && !reads) return;
  if (matches ? store.page : !turned) return;
  turned = matches;
  store.setPage(matches);
});

listenToKeys(store, {
  list: list.focus,
  filters() {
    if (matchMedia("(width < 640px)").matches) change({ filters: true });
    requestAnimationFrame(() => document.querySelector<HTMLElement>("#rail input, #rail button")?.focus());
  },
  keys: () => change({ keys: true }),
  back() {
    if (state.filters) change({ filters: false });
    else if (store.page) store.setPage(false);
    else return false;
    list.focus();
    return true;
  },
});
acceptDrops(store, document.body);

bridge.on("settings", store.settings);
bridge.on("server", store.server);
bridge.on("corpus/changed", store.changed);
bridge.on("progress", store.health.progress);
bridge.on("corpus/show", (event) => store.show(event, kept));
const LOOK_MS = 5_000;
const look = () => {
  if (document.visibilityState === "visible") void store.lookAround();
};
setInterval(look, LOOK_MS);
addEventListener("focus", look);
draw();
bridge.ready();
