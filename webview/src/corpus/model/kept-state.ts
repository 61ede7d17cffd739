import type { Condition } from "#protocol/corpus.ts";
import type { View } from "./view.ts";
import { NEWEST_FIRST } from "./view.ts";

/** What a panel remembers over a reload of the window. */
export interface Kept {
  project: string;
  dataset: string;
  view: Pick<View, "where" | "search" | "sort">;
  /** The selected row. */
  active: { index: number; id: string | null } | null;
  /** The list's place: the row at its top, by number and id, and how many pixels of it are hidden. */
  scroll: { row: number; pixels: number; id: string | null };
  /** Rows of the view when it was last seen, so that the scrollbar is right at once. */
  total: number;
  panes: Panes;
  /** The details stand as a page over the list. */
  page: boolean;
  /** Edits that were begun and not saved. */
  drafts: Draft[];
}

/** Widths in pixels. */
export interface Panes {
  rail: number;
  details: number;
}

export interface Draft {
  id: string;
  text: string;
  solution: string;
  answer: string;
}

export const USUAL_PANES: Panes = { rail: 228, details: 448 };

const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "~"];

/** What an earlier version or a broken file left is not trusted: members of another form get their usual value. */
export function readKept(state: unknown): Kept | null {
  if (!isRecord(state) || typeof state.project !== "string" || typeof state.dataset !== "string") return null;
  const view = isRecord(state.view) ? state.view : {};
  const sort = isRecord(view.sort) ? view.sort : {};
  const active = isRecord(state.active) ? state.active : null;
  const scroll = isRecord(state.scroll) ? state.scroll : {};
  const panes = isRecord(state.panes) ? state.panes : {};
  const sorted = sort.field === "created" || sort.field === "length" || sort.field === "tokens" ? sort.field : null;
  return {
    project: state.project,
    dataset: state.dataset,
    view: {
      where: Array.isArray(view.where) ? view.where.filter(isCondition) : [],
      search: typeof view.search === "string" ? view.search : "",
      sort: sorted === null ? NEWEST_FIRST : { field: sorted, descending: sort.descending === true },
    },
    active: active === null ? null : { index: natural(active.index), id: typeof active.id === "string" ? active.id : null },
    scroll: { row: natural(scroll.row), pixels: natural(scroll.pixels), id: typeof scroll.id === "string" ? scroll.id : null },
    total: natural(state.total),
    panes: { rail: natural(panes.rail) || USUAL_PANES.rail, details: natural(panes.details) || USUAL_PANES.details },
    page: state.page === true,
    drafts: Array.isArray(state.drafts) ? state.drafts.filter(isDraft) : [],
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const natural = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0);

function isCondition(value: unknown): value is Condition {
  return isRecord(value) && typeof value.field === "string" && typeof value.value === "string" && OPERATORS.includes(value.op as string);
}

const isDraft = (value: unknown): value is Draft =>
  isRecord(value) && ["id", "text", "solution", "answer"].every((name) => typeof value[name] === "string");
