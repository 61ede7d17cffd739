import type { Row } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import { PAGE_MAX_ROWS } from "#protocol/limits.ts";
import type { Anchors } from "#protocol/messages/corpus.ts";
import type { Clock } from "./clock.ts";
import { createLatest } from "./latest.ts";
import { createPageCache } from "./page-cache.ts";
import { PAGE_ROWS, type Reach, reach, wantedPages } from "./page-plan.ts";
import type { View } from "./view.ts";
import { createWait, type Wait } from "./wait.ts";

/** Where rows come from. */
export interface RowSource {
  page(view: View, from: Reach, limit: number, signal: AbortSignal): Promise<{ rows: Row[]; next: string | null; milliseconds: number }>;
  /** With a row's id, also where that row stands. */
  anchors(view: View, row: string | null, signal: AbortSignal): Promise<Anchors>;
}

export interface RowsOptions {
  source: RowSource;
  clock: Clock;
  problemOf(thrown: unknown): Problem;
  onChange(): void;
}

/** The rows of a view, of which only those near the window are held. */
export interface Rows {
  /** Rows of the view as far as known; while `counted` is false it grows with the pages that are read. */
  readonly total: number;
  readonly counted: boolean;
  /** Rows in memory. */
  readonly held: number;
  /** Rows of this view have been seen, though none may be held now. */
  readonly begun: boolean;
  /** Counts the views: another number means that everything is another. */
  readonly generation: number;
  /** Why nothing more comes; it stays until rows have come again. `retry` tries. */
  readonly problem: Problem | null;
  /** How often that has failed in a row. */
  readonly failures: number;
  readonly cancelled: boolean;
  /** The wait for rows that should be seen now. */
  readonly wait: Wait;
  /** Milliseconds that the server took for the first page of the view. */
  readonly milliseconds: number | null;
  at(index: number): Row | undefined;
  /** Of a row that is held. */
  indexOf(id: string): number | null;
  /** Begins with another view; `total` is what is known of its size beforehand, `first` the row that is seen first. */
  reset(view: View, total: number | null, first?: number): void;
  /** The rows that are in the window now: half open. */
  show(first: number, end: number): void;
  /**
   * Looks again at the same view. Held rows are moved by as many places as this one has; by none where it is gone, or none is named.
   * Gives that number; null where a later call took over or it failed.
   */
  refresh(row: { id: string; index: number } | null): Promise<number | null>;
  /** Where a row stands in the view, held or not; null where it is not in it. */
  locate(id: string): Promise<number | null>;
  /** Ids of the rows [first, end), held or not. @throws what the source throws */
  ids(first: number, end: number, signal: AbortSignal): Promise<string[]>;
  /** Changes held rows, before the server's new picture of them comes. */
  patch(change: (row: Row) => Row): void;
  /** Takes rows out, before the server's new picture comes. */
  remove(ids: ReadonlySet<string>): void;
  cancel(): void;
  retry(): void;
}

/** Pause after a cancelled request: a dragged scrollbar asks twenty times a second, not at every frame. */
const PAUSE_MS = 50;

export function createRows({ source, clock, problemOf, onChange }: RowsOptions): Rows {
  const cache = createPageCache();
  const flights = new Map<number, AbortController>();
  const locating = createLatest();
  const wait = createWait(clock, onChange);
  let view: View | null = null;
  let anchors: Anchors | null = null;
  let size = { total: 0, counted: false };
  let problem: Problem | null = null;
  let failures = 0;
  /** Nothing is asked for: it has failed, or was cancelled. */
  let stopped = false;
  let cancelled = false;
  let generation = 0;
  let milliseconds: number | null = null;
  let shown = { first: 0, end: 0, down: true };
  let notBefore = Number.NEGATIVE_INFINITY;
  let paused = false;

  const isSeen = (index: number) => cache.at(index) !== undefined;
  const complete = () => {
    for (let index = shown.first; index < Math.min(shown.end, size.total); index++) if (!isSeen(index)) return false;
    return size.total > 0 || size.counted;
  };
  const stopFlights = () => {
    for (const abort of flights.values()) abort.abort();
    flights.clear();
  };
  const fail = (thrown: unknown) => {
    const found = problemOf(thrown);
    if (found.code === "cancelled") return;
    problem = found;
    failures++;
    stopped = true;
    stopFlights();
    locating.stop();
    update();
    onChange();
  };

  async function fetchPage(page: number, from: Reach) {
    const abort = new AbortController();
    const asked = view as View;
    flights.set(page, abort);
    try {
      const answer = await source.page(asked, from, PAGE_ROWS, abort.signal);
      if (flights.get(page) !== abort) return;
      flights.delete(page);
      received(page, answer);
    } catch (thrown) {
      if (flights.get(page) !== abort) return;
      flights.delete(page);
      fail(thrown);
    }
  }

  function received(page: number, answer: { rows: Row[]; next: string | null; milliseconds: number }) {
    milliseconds ??= answer.milliseconds;
    problem = null;
    failures = 0;
    cache.put(page, answer.rows, answer.next);
    const end = page * PAGE_ROWS + answer.rows.length;
    if (answer.next === null) size = { total: end, counted: true };
    else if (!size.counted) size = { total: Math.max(size.total, end + PAGE_ROWS), counted: false };
    else if (size.total <= end) size = { total: end + 1, counted: false };
    if (answer.next !== null && anchors === null) void place();
    update();
    onChange();
  }

  /** Asks for the way to all rows, and where one stands. Null where a later call took over or it failed. */
  async function findWay(row: string | null): Promise<Anchors | null> {
    const asked = view as View;
    try {
      const answer = await locating.run((signal) => source.anchors(asked, row, signal));
      if (answer === undefined) return null;
      anchors = answer;
      size = { total: answer.rows, counted: true };
      return answer;
    } catch (thrown) {
      fail(thrown);
      return null;
    }
  }

  async function place() {
    if (locating.running || (await findWay(null)) === null) return;
    update();
    onChange();
  }

  /** Asks for what is missing in the window, and lets go of what is not. */
  function update() {
    if (view === null) return;
    const total = size.total > 0 || size.counted ? size.total : Math.max(shown.end, 1);
    const { seen, beside } = wantedPages(shown.first, Math.max(shown.end, shown.first + 1), total, shown.down);
    const wanted = new Set([...seen, ...beside]);
    for (const [page, abort] of flights) {
      if (wanted.has(page)) continue;
      abort.abort();
      flights.delete(page);
      notBefore = clock.now() + PAUSE_MS;
    }
    if (complete() || stopped) wait.end();
    else wait.begin();
    // What is there stays while nothing else can come.
    if (stopped) return;
    cache.keepOnly(wanted);
    const missing = seen.filter((page) => !cache.has(page));
    const next = missing.length > 0 ? missing : beside.filter((page) => !cache.has(page));
    for (const page of next) if (!flights.has(page)) start(page);
  }

  function start(page: number) {
    const pause = notBefore - clock.now();
    if (pause > 0) {
      if (paused) return;
      paused = true;
      clock.after(pause, () => {
        paused = false;
        update();
      });
      return;
    }
    const from = reach(page * PAGE_ROWS, { anchors, cursors: cache.cursors });
    if (from !== null) void fetchPage(page, from);
    else void place();
  }

  return {
    get total() {
      return size.total;
    },
    get counted() {
      return size.counted;
    },
    get begun() {
      return milliseconds !== null;
    },
    get generation() {
      return generation;
    },
    get held() {
      return cache.held;
    },
    get problem() {
      return problem;
    },
    get failures() {
      return failures;
    },
    get cancelled() {
      return cancelled;
    },
    wait,
    get milliseconds() {
      return milliseconds;
    },
    at: cache.at,
    indexOf: cache.indexOf,
    reset(next, total, first = 0) {
      stopFlights();
      locating.stop();
      cache.clear();
      wait.end();
      generation++;
      view = next;
      anchors = null;
      size = { total: total ?? 0, counted: total !== null };
      problem = null;
      failures = 0;
      stopped = false;
      cancelled = false;
      milliseconds = null;
      shown = { first, end: first + 1, down: true };
      update();
      onChange();
    },
    show(first, end) {
      if (first === shown.first && end === shown.end) return;
      if (cancelled && first !== shown.first) cancelled = stopped = false;
      shown = { first, end, down: first >= shown.first };
      update();
    },
    async locate(id) {
      const found = cache.indexOf(id);
      if (found !== null || view === null) return found;
      const way = await findWay(id);
      update();
      onChange();
      return way?.at ?? null;
    },
    async refresh(row) {
      if (view === null) return null;
      const way = await findWay(row?.id ?? null);
      if (way === null) return null;
      const moved = row === null || way.at === null ? 0 : way.at - row.index;
      stopFlights();
      cache.age(moved);
      shown = { ...shown, first: Math.max(0, shown.first + moved), end: Math.max(0, shown.end + moved) };
      update();
      onChange();
      return moved;
    },
    async ids(first, end, signal) {
      const held = Array.from({ length: end - first }, (_, at) => cache.at(first + at)?.id);
      if (held.every((id) => id !== undefined)) return held;
      const ids: string[] = [];
      let from = reach(first, { anchors, cursors: cache.cursors });
      while (from !== null && ids.length < end - first) {
        const page = await source.page(view as View, from, Math.min(end - first - ids.length, PAGE_MAX_ROWS), signal);
        ids.push(...page.rows.map(({ id }) => id));
        from = page.next === null ? null : { after: page.next };
      }
      return ids;
    },
    patch(change) {
      cache.patch(change);
      onChange();
    },
    remove(ids) {
      stopFlights();
      cache.without(ids);
      size = { ...size, total: Math.max(0, size.total - ids.size) };
      onChange();
    },
    cancel() {
      cancelled = stopped = true;
      stopFlights();
      locating.stop();
      update();
      onChange();
    },
    retry() {
      cancelled = stopped = false;
      update();
      onChange();
    },
  };
}
