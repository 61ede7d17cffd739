import type { PanelEvents, PanelParams, PanelRequest } from "#protocol/panels.ts";
import { type Acting, createActing } from "./acting.ts";
import { type Backend, problemOf } from "./backend.ts";
import type { Clock } from "./clock.ts";
import { type Counting, createCounting } from "./counting.ts";
import { createFiles, type Files } from "./files.ts";
import { createHealth, type Health } from "./health.ts";
import { type Kept, type Panes, USUAL_PANES } from "./kept-state.ts";
import { createListing, type Listing } from "./listing.ts";
import { createNotices, type Notices } from "./notices.ts";
import { createPacer } from "./pacer.ts";
import { createReading, type Reading } from "./reading.ts";
import { createRowSource } from "./row-source.ts";
import { isFiltered, type View, viewOf } from "./view.ts";

/** Everything that the panel knows. What changes it calls `onChange`; views read it and draw. */
export interface CorpusStore {
  /** Null until the host has said what is shown. */
  readonly project: string | null;
  readonly opened: boolean;
  readonly listing: Listing;
  readonly reading: Reading;
  readonly counting: Counting;
  readonly health: Health;
  readonly notices: Notices;
  readonly acting: Acting;
  readonly files: Files;
  readonly macros: Record<string, string>;
  readonly panes: Panes;
  /** The details stand as a page over the list. */
  readonly page: boolean;
  /** Rows can be changed now. */
  readonly writable: boolean;
  show(event: PanelEvents["corpus/show"], kept: Kept | null): void;
  changed(event: PanelEvents["corpus/changed"]): void;
  /** Looks whether another process has changed the dataset: of that nobody tells. */
  lookAround(): Promise<void>;
  settings(event: PanelEvents["settings"]): void;
  server(event: PanelEvents["server"]): void;
  setView(change: Partial<Pick<View, "where" | "sort">>): void;
  /** As it is typed; asked for when the typing pauses, or `now`. */
  setSearch(text: string, now?: boolean): void;
  /** What stands in the search field. */
  readonly searchText: string;
  /** A view has changed by itself. */
  redraw(): void;
  setPanes(panes: Partial<Panes>): void;
  setPage(page: boolean): void;
  rebuild(): Promise<void>;
  retry(): void;
  /** Puts a text on the clipboard, and says so when it is there. */
  copy(text: string): Promise<void>;
  /** Asks the host for something whose failure is told in the quiet line. */
  ask<K extends Extract<PanelRequest, `host/${string}`>>(method: K, params: PanelParams<K>): Promise<void>;
}

/** Typing pauses for so long before it is searched for. */
const TYPING_MS = 250;

/** Rows that come are looked at again at most so often. */
const REFRESH_MS = 500;

/** What the panel remembers over a reload is written down after this. */
const KEEP_MS = 200;

/** A locked index is tried again after this. */
const RETRY_MS = 1_000;

export function createStore(options: { backend: Backend; clock: Clock; onChange(): void; keep(state: Kept): void }): CorpusStore {
  const { backend, clock } = options;
  let project: string | null = null;
  let opened = false;
  let macros: Record<string, string> = {};
  let panes: Panes = USUAL_PANES;
  let page = false;
  let searchText = "";
  let untype = () => {};
  let keeping = false;
  let unretry: (() => void) | null = null;
  let unlook: (() => void) | null = null;
  let blamed: View | null = null;
  let broken = false;

  const changed = () => {
    watch();
    options.onChange();
    keepSoon();
  };
  const notices = createNotices(changed);
  const health = createHealth(backend, clock, changed);
  const counting = createCounting(backend, clock, changed);
  const reading = createReading(backend, clock, changed);
  const listing = createListing({
    source: createRowSource(backend),
    clock,
    problemOf,
    onChange: changed,
    onActive: (id) => reading.show(id),
  });
  const refresher = createPacer(clock, REFRESH_MS, () => Promise.all([listing.refresh(), health.look(listing.view.dataset)]));
  const recounter = createPacer(clock, REFRESH_MS, () => counting.count(listing.view));
  const again = () => {
    refresher.ask();
    recounter.ask();
  };
  const acting = createActing({ backend, clock, listing, reading, notices, onDone: again, onChange: changed });
  const files = createFiles({
    backend,
    listing,
    notices,
    onDone: again,
    onChange: changed,
  });

  const list = (view: View, total: number | null, from?: Parameters<Listing["list"]>[2]) => {
    listing.list(view, total, from);
    void counting.count(view);
  };
  const knownTotal = (view: View): number | null => (isFiltered(view) ? null : (health.info?.rows ?? null));

  /** What follows from how things are: another try at a locked index, counts that failed with the rows, the reason of an empty list. */
  function watch() {
    const { rows, view } = listing;
    if (rows.problem !== null) broken = true;
    else if (broken) {
      broken = false;
      recounter.ask();
      reading.again();
    }
    if (rows.problem?.code === "index/locked" && unretry === null) {
      unretry = clock.after(RETRY_MS, () => {
        unretry = null;
        rows.retry();
      });
    }
    if (health.problem?.code === "index/locked" && unlook === null) {
      unlook = clock.after(RETRY_MS, () => {
        unlook = null;
        void health.look(view.dataset);
      });
    }
    const empty = rows.counted && rows.total === 0 && rows.problem === null && isFiltered(view);
    if (empty && blamed !== view) {
      blamed = view;
      void counting.blame(view);
    }
  }

  function keepSoon() {
    if (keeping || project === null) return;
    keeping = true;
    clock.after(KEEP_MS, () => {
      keeping = false;
      if (project === null) return;
      const { view, rows, selection } = listing;
      options.keep({
        project,
        dataset: view.dataset,
        view: { where: view.where, search: view.search, sort: view.sort },
        active: selection.active,
        scroll: placeOf(listing),
        total: rows.total,
        panes,
        page,
        drafts: [...acting.drafts.values()],
      });
    });
  }

  const reload = () => {
    listing.rows.retry();
    void health.look(listing.view.dataset);
    recounter.ask();
    reading.again();
  };

  return {
    get project() {
      return project;
    },
    get opened() {
      return opened;
    },
    listing,
    reading,
    counting,
    health,
    notices,
    acting,
    files,
    get macros() {
      return macros;
    },
    get panes() {
      return panes;
    },
    get page() {
      return page;
    },
    get searchText() {
      return searchText;
    },
    get writable() {
      return !health.gone && health.server.state === "ready";
    },
    show(event, kept) {
      const first = !opened;
      const mine = first && kept?.dataset === event.dataset && kept.project === event.project ? kept : null;
      opened = true;
      project = event.project;
      if (project === null) return changed();
      if (mine !== null) {
        panes = mine.panes;
        page = mine.page;
        acting.restore(mine.drafts);
      }
      const base = first ? { ...viewOf(event.dataset), ...mine?.view } : listing.view;
      const { where = base.where, search = base.search, sort = base.sort } = event.query;
      const asked = event.query.where !== undefined || event.query.search !== undefined || event.query.sort !== undefined;
      const view = { dataset: event.dataset, where, search, sort };
      searchText = search;
      if (first || asked) {
        const remembered = mine !== null && !asked ? { place: mine.scroll, active: mine.active } : undefined;
        list(view, remembered === undefined ? knownTotal(view) : mine?.total || null, remembered);
        // Rows may have come and gone since.
        if (remembered !== undefined) void listing.refresh();
      }
      if (event.row !== null) {
        listing.chooseNothing();
        reading.show(event.row);
        void listing.seek(event.row);
      }
      void health.look(event.dataset);
      changed();
    },
    changed(event) {
      if (listing.rows.problem !== null || event.reason === "rebuilt") listing.rows.retry();
      again();
      reading.again();
    },
    async lookAround() {
      if (project === null || health.server.state !== "ready") return;
      const before = health.info?.revision;
      await health.look(listing.view.dataset);
      if (before !== undefined && health.info?.revision !== before) again();
    },
    settings(event) {
      macros = event.macros;
      changed();
    },
    server(event) {
      const back = event.state === "ready" && health.server.state !== "ready";
      health.serverIs(event);
      if (back && project !== null) reload();
    },
    setView(change) {
      const view = { ...listing.view, ...change };
      list(view, knownTotal(view));
      changed();
    },
    setSearch(text, now = false) {
      searchText = text;
      untype();
      const search = () => {
        if (text === listing.view.search) return;
        const view = { ...listing.view, search: text };
        list(view, knownTotal(view));
      };
      if (now) search();
      else untype = clock.after(TYPING_MS, search);
      changed();
    },
    redraw: options.onChange,
    setPanes(change) {
      panes = { ...panes, ...change };
      changed();
    },
    setPage(next) {
      page = next;
      changed();
    },
    async rebuild() {
      try {
        const made = await health.rebuildIndex();
        if (made === null) return;
        notices.say(`The index was made anew: ${made.rows.toLocaleString("en-US")} rows.`);
      } catch (thrown) {
        notices.fail(problemOf(thrown));
      }
      reload();
    },
    retry: reload,
    async copy(text) {
      try {
        await backend.request("host/copy", { text });
        notices.say("Copied.");
      } catch (thrown) {
        notices.fail(problemOf(thrown));
      }
    },
    async ask(method, params) {
      try {
        await backend.request(method, params);
      } catch (thrown) {
        notices.fail(problemOf(thrown));
      }
    },
  };
}

function placeOf({ rows, place }: Listing): Kept["scroll"] {
  const { row, pixels } = place();
  return { row, pixels, id: rows.at(row)?.id ?? null };
}
