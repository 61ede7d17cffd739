import type { Row } from "#protocol/corpus.ts";
import { createRows, type Rows, type RowsOptions } from "./rows.ts";
import { choose, extend, NOTHING, type Selection, shiftSelection, toggle } from "./selection.ts";
import { sameView, type View, viewOf } from "./view.ts";

/** The list on the screen, as far as the model has to move it. */
export interface ListHandle {
  /** Scrolls as little as shows the whole row. */
  reveal(index: number): void;
  /** Keeps what is seen where it is, after so many rows have come above it. */
  shift(rows: number): void;
  toPlace(place: Place): void;
  place(): Place;
  /** Whole rows that are seen at once. */
  readonly pageRows: number;
}

/** The row at the list's top, and how many pixels of it are hidden. */
export interface Place {
  row: number;
  pixels: number;
  /** The row's id, where it is known: it may stand elsewhere by now. */
  id?: string | null;
}

export type Move = { by: number } | { to: "first" | "last" } | { pages: number };

/** The view, its rows, and which of them are chosen. */
export interface Listing {
  readonly view: View;
  readonly rows: Rows;
  readonly selection: Selection;
  /** The active row, where it is held. */
  readonly active: Row | undefined;
  /** Rows that have come above the place that is seen. */
  readonly fresh: number;
  attach(list: ListHandle): void;
  place(): Place;
  /** Lists another view from its beginning, or from a place that is remembered. */
  list(view: View, total: number | null, from?: { place: Place; active: Selection["active"] }): void;
  choose(index: number, how?: "alone" | "toggle" | "extend"): void;
  move(move: Move, extending: boolean): void;
  /** The row that has taken another one's place. */
  replaceActive(id: string): void;
  /** Leaves all rows: one that need not be in the list is read, and keys act on that. */
  chooseNothing(): void;
  /** Follows the scrolling, to know when the top has been reached. */
  scrolled(): void;
  toTop(): void;
  /** Looks at the same view again; what is seen keeps its place. */
  refresh(): Promise<void>;
  /** Chooses a row wherever it stands; false where it is not in the view. */
  seek(id: string): Promise<boolean>;
}

export function createListing(options: Omit<RowsOptions, "onChange"> & { onChange(): void; onActive(id: string | null): void }): Listing {
  let view = viewOf("");
  let selection: Selection = NOTHING;
  let fresh = 0;
  let list: ListHandle | null = null;
  let start: Place = { row: 0, pixels: 0 };

  const rows = createRows({
    ...options,
    onChange() {
      follow();
      options.onChange();
    },
  });

  /** Ties the active place to its row: the id where that is known, else the row that has come to the place. */
  const follow = () => {
    const { active } = selection;
    if (active === null) return;
    const index = active.id === null ? null : rows.indexOf(active.id);
    const id = active.id ?? rows.at(active.index)?.id ?? null;
    if ((index ?? active.index) !== active.index || id !== active.id)
      selection = { ...selection, active: { index: index ?? active.index, id } };
    options.onActive(id);
  };

  const become = (next: Selection) => {
    selection = next;
    follow();
    options.onChange();
  };

  const goalOf = (move: Move): number => {
    const from = selection.active?.index ?? (list?.place().row ?? 0) - 1;
    const last = rows.total - 1;
    if ("to" in move) return move.to === "first" ? 0 : last;
    const by = "by" in move ? move.by : move.pages * Math.max(1, (list?.pageRows ?? 10) - 1);
    return Math.min(Math.max(0, from + by), last);
  };

  return {
    get view() {
      return view;
    },
    rows,
    get selection() {
      return selection;
    },
    get active() {
      const { active } = selection;
      if (active === null) return undefined;
      const row = rows.at(active.index);
      return active.id === null || row?.id === active.id ? row : undefined;
    },
    get fresh() {
      return fresh;
    },
    attach(handle) {
      list = handle;
      list.toPlace(start);
    },
    place: () => list?.place() ?? start,
    list(next, total, from) {
      const same = sameView(view, next);
      view = next;
      fresh = 0;
      start = from?.place ?? { row: 0, pixels: 0 };
      selection = from === undefined ? (same ? selection : NOTHING) : { ...NOTHING, active: from.active, anchor: from.active?.index ?? 0 };
      rows.reset(view, total, start.row);
      list?.toPlace(start);
    },
    choose(index, how = "alone") {
      const id = rows.at(index)?.id ?? null;
      if (how === "extend") become(extend(selection, index, id));
      else if (how === "toggle" && id !== null) become(toggle(selection, index, id));
      else become(choose(index, id));
    },
    move(move, extending) {
      if (rows.total === 0) return;
      const index = goalOf(move);
      const id = rows.at(index)?.id ?? null;
      list?.reveal(index);
      become(extending ? extend(selection, index, id) : choose(index, id));
    },
    replaceActive(id) {
      if (selection.active !== null) become({ ...choose(selection.active.index, id) });
    },
    chooseNothing() {
      selection = NOTHING;
      options.onChange();
    },
    scrolled() {
      const { row, pixels } = list?.place() ?? start;
      if (fresh === 0 || row > 0 || pixels > 0) return;
      fresh = 0;
      options.onChange();
    },
    async seek(id) {
      const index = await rows.locate(id);
      if (index === null) return false;
      list?.reveal(index);
      become(choose(index, id));
      return true;
    },
    toTop() {
      fresh = 0;
      list?.toPlace({ row: 0, pixels: 0 });
      options.onChange();
    },
    async refresh() {
      const { row: index } = list?.place() ?? start;
      const id = rows.at(index)?.id ?? (index === start.row ? start.id : undefined) ?? null;
      const moved = await rows.refresh(id === null ? null : { id, index });
      if (moved === null || moved === 0) return;
      const { row, pixels } = list?.place() ?? start;
      selection = shiftSelection(selection, moved);
      // At the very top the new rows are seen as they come; further down they wait above.
      if (row > 0 || pixels > 0) {
        fresh = Math.max(0, fresh + moved);
        list?.shift(moved);
      }
      follow();
      options.onChange();
    },
  };
}
