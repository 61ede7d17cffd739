import type { Label, Row } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import type { PickedSeed, Preview } from "#protocol/messages/preview.ts";
import type { PanelEvents, PanelSettings, PreviewChoice, PreviewState } from "#protocol/panels.ts";
import { type Bridge, isCancelled, ProblemError } from "../../shared/bridge.ts";
import { type Kept, MOST_AT_ONCE, readKeptView, type Tab } from "./kept.ts";
import { isRunning, keptRuns, type Run, withEvent, withLabel, withRun } from "./runs.ts";

/** What the preview panel knows and can do; the view draws it. */
export interface Store {
  readonly state: Readonly<State>;
  setTab(tab: Tab): void;
  setCount(count: number): void;
  scrolled(tab: Tab, top: number): void;
  /** Where a tab's contents were scrolled to when they were last seen. */
  placeOf(tab: Tab): number;
  pick(how: NonNullable<PreviewChoice["pick"]>["how"] & ("next" | "previous" | "random" | "longest")): void;
  pickSeed(seed: PickedSeed): void;
  choose(choice: PreviewChoice): void;
  openPicker(open: boolean): void;
  search(text: string): void;
  /** Moves the mark in the list of seeds. */
  walkPicker(step: number): void;
  /** Takes the marked seed, or the first. */
  takePicked(): void;
  reveal(span: { start: number; end: number }): void;
  generate(): void;
  stop(run?: string): void;
  lead(): void;
  command(command: string, ...args: unknown[]): void;
  copyRequest(what: "body" | "curl"): void;
  copy(text: string): void;
  label(row: Row, label: Label | null): void;
  undo(): void;
  openRow(id: string, mode: "read" | "edit"): void;
  compare(id: string): void;
  dismiss(): void;
}

export interface State {
  /** The newest answer, with or without a rendering. */
  preview: Preview | null;
  /** The last one with a rendering, of the same template, and when it came. */
  good: Preview | null;
  goodAt: number;
  host: PreviewState | null;
  server: PanelEvents["server"];
  settings: PanelSettings;
  /** Line of the template's cursor; null while it has none. */
  line: number | null;
  tab: Tab;
  count: number;
  runs: Run[];
  picker: Picker | null;
  /** What became of the last action: a problem, or words that say that it was done. */
  told: { problem: Problem } | Done | null;
  /** The result that another one is to be compared with. */
  compared: string | null;
}

export interface Done {
  words: string;
  /** What takes it back. */
  undo: { entry: string; id: string; before: Label | null } | null;
}

export interface Picker {
  search: string;
  /** Which of the seeds the arrows have reached; -1 while the user only types. */
  active: number;
  /** Null while the first answer is awaited. */
  seeds: PickedSeed[] | null;
  more: boolean;
  problem: Problem | null;
}

export interface StorePorts {
  bridge: Bridge<Kept>;
  /** Milliseconds of the wall clock. */
  now(): number;
  newRun(): string;
  /** Runs `work` once after so many milliseconds. */
  after(milliseconds: number, work: () => void): void;
  onChange(): void;
}

/** How long it is said that something was done, and how long it can be taken back from there. */
const TOLD_MILLISECONDS = 5_000;
const UNDO_MILLISECONDS = 20_000;

/** Rows of finished runs that are kept over a reload of the window. */
const KEPT_ROWS = 30;

export function createStore({ bridge, now, newRun, after, onChange }: StorePorts): Store {
  const kept = readKeptView(bridge.state());
  const scroll = { ...kept.scroll };
  const state: State = {
    preview: null,
    good: null,
    goodAt: 0,
    host: null,
    server: { state: "ready", problem: null },
    settings: { macros: {} },
    line: null,
    tab: kept.tab,
    count: kept.count,
    runs: kept.runs,
    picker: null,
    told: null,
    compared: null,
  };
  let searching: AbortController | null = null;

  const keep = () => {
    const { host, tab, count, runs } = state;
    const kept = host?.uri == null ? (bridge.state()?.host ?? null) : keptHost(host);
    bridge.keep({ host: kept, view: { tab, count, scroll, runs: keptRuns(runs, KEPT_ROWS) } });
  };
  const change = (next: Partial<State>) => {
    Object.assign(state, next);
    keep();
    onChange();
  };
  /** Does something that may fail; what went wrong is told where everybody looks. */
  const attempt = <T>(work: Promise<T>, done: (result: T) => void = () => {}) => {
    work.then(done, (thrown) => {
      if (!isCancelled(thrown)) change({ told: { problem: problemOf(thrown) } });
    });
  };
  const say = (words: string, undo: Done["undo"] = null) => {
    const told = { words, undo };
    change({ told });
    after(undo === null ? TOLD_MILLISECONDS : UNDO_MILLISECONDS, () => {
      if (state.told === told) change({ told: null });
    });
  };

  /** Why the last key or command did nothing: said until something changes. */
  let refused: Problem | null = null;
  const refuse = (problem: Problem) => {
    refused = problem;
    change({ told: { problem } });
  };
  const forgetRefusal = () => {
    const { told } = state;
    if (refused !== null && told !== null && "problem" in told && told.problem === refused) state.told = null;
    refused = null;
  };

  bridge.on("preview/show", (preview) => {
    forgetRefusal();
    const same = state.good?.uri === preview.uri;
    const good = preview.rendering !== null ? preview : same ? state.good : null;
    change({ preview, good, goodAt: preview.rendering !== null ? now() : state.goodAt });
  });
  bridge.on("preview/state", (host) => {
    forgetRefusal();
    const other = host.uri !== state.host?.uri;
    // A rendering that stays on the screen must be of the template that is named above it.
    if (other && state.good !== null && state.good.uri !== host.uri) Object.assign(state, { good: null, preview: null, line: null });
    change({ host });
  });
  bridge.on("preview/cursor", ({ line }) => change({ line }));
  bridge.on("preview/run", (run) => change({ runs: withRun(state.runs, run) }));
  bridge.on("generate/event", (event) => change({ runs: withEvent(state.runs, event) }));
  bridge.on("server", (server) => change({ server }));
  bridge.on("settings", (settings) => change({ settings }));

  const store: Store = {
    state,
    setTab: (tab) => change({ tab }),
    setCount: (count) => change({ count: Math.min(MOST_AT_ONCE, Math.max(1, Math.round(count) || 1)) }),
    scrolled(tab, top) {
      scroll[tab] = top;
      keep();
    },
    placeOf: (tab) => scroll[tab] ?? 0,
    pick(how) {
      const seed = state.host?.seed ?? null;
      if (how === "random" || how === "longest") store.choose({ pick: { how } });
      else if (seed !== null) store.choose({ pick: { how, from: seed.id } });
      else refuse({ code: "import/empty", message: "There is no seed to go to", remedy: "Import seeds first." });
    },
    pickSeed({ dataset, id }) {
      store.openPicker(false);
      store.choose({ dataset, pick: { how: "id", id } });
    },
    choose: (choice) => attempt(bridge.request("preview/choose", choice)),
    openPicker(open) {
      searching?.abort();
      change({ picker: open ? { search: "", active: -1, seeds: null, more: false, problem: null } : null });
      if (open) store.search("");
    },
    search(text) {
      if (state.picker === null) return;
      searching?.abort();
      searching = new AbortController();
      const { signal } = searching;
      change({ picker: { ...state.picker, search: text, active: -1 } });
      const answer = (found: Partial<Picker>) => {
        if (!signal.aborted && state.picker !== null) change({ picker: { ...state.picker, problem: null, ...found } });
      };
      bridge.request("seeds/search", { dataset: state.host?.seed?.dataset ?? null, search: text }, signal).then(
        ({ seeds, more }) => answer({ seeds, more }),
        (thrown) => answer({ seeds: [], more: false, problem: problemOf(thrown) }),
      );
    },
    walkPicker(step) {
      const { picker } = state;
      if (picker === null) return;
      const last = (picker.seeds?.length ?? 0) - 1;
      change({ picker: { ...picker, active: Math.min(last, Math.max(0, picker.active + step)) } });
    },
    takePicked() {
      const { picker } = state;
      const seed = picker?.seeds?.[Math.max(0, picker.active)];
      if (seed !== undefined) store.pickSeed(seed);
    },
    reveal: (span) => attempt(bridge.request("host/reveal", span)),
    generate() {
      const problem = whatKeepsFromGenerating(state);
      if (problem !== null) return refuse(problem);
      attempt(bridge.request("preview/generate", { run: newRun(), count: state.count }));
    },
    stop(run) {
      const running = run ?? state.runs.find(isRunning)?.run;
      if (running !== undefined) attempt(bridge.request("preview/stop", { run: running }));
    },
    lead() {
      const lead = state.host?.lead ?? null;
      if (lead !== null) store.command(lead.command, ...(lead.args ?? []));
    },
    command: (command, ...args) => attempt(bridge.request("host/command", { command, args })),
    copyRequest: (what) =>
      attempt(bridge.request("host/copyRequest", { what }), () => say(what === "body" ? "The body was copied" : "The command was copied")),
    copy: (text) => attempt(bridge.request("host/copy", { text }), () => say("Copied")),
    label(row, label) {
      attempt(bridge.request("corpus/label", { ids: [row.id], label, why: null }), ({ words, entry }) => {
        change({ runs: withLabel(state.runs, row.id, label) });
        say(words, { entry, id: row.id, before: row.label });
      });
    },
    undo() {
      const { told } = state;
      if (told === null || !("undo" in told) || told.undo === null) return;
      const { entry, id, before } = told.undo;
      attempt(bridge.request("corpus/undo", { entry }), () => {
        change({ runs: withLabel(state.runs, id, before) });
        say("Taken back");
      });
    },
    openRow: (id, mode) => attempt(bridge.request("host/openRow", { id, mode })),
    compare(id) {
      const left = state.compared;
      if (left === null) return change({ compared: id });
      change({ compared: null });
      if (left !== id) attempt(bridge.request("host/compare", { left, right: id }));
    },
    dismiss: () => change({ told: null }),
  };
  return store;
}

/** A key or a command may ask to generate when the button would not. */
function whatKeepsFromGenerating({ host, preview }: State): Problem | null {
  if (host !== null && host.blocked !== null) return host.blocked;
  if (host === null || preview === null)
    return {
      code: "usage/invalid-argument",
      message: "There is nothing to generate from yet",
      remedy: "Try again when the preview is there.",
    };
  if (preview.rendering !== null) return null;
  return { code: "template/invalid", message: "The template has an error", remedy: "Generate waits until it is mended." };
}

const keptHost = ({ uri, seed, endpoint, pinned }: PreviewState): Kept["host"] => ({
  uri,
  seed: seed === null ? null : { dataset: seed.dataset, id: seed.id },
  endpoint,
  pinned,
});

const problemOf = (thrown: unknown): Problem =>
  thrown instanceof ProblemError
    ? thrown.problem
    : { code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) };
