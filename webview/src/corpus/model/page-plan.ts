import { PAGE_MAX_SKIP } from "#protocol/limits.ts";
import type { Anchors } from "#protocol/messages/corpus.ts";

/** Rows of a page: about what three windows show, so that a page fetched in time hides the next fetch. */
export const PAGE_ROWS = 40;

/** What is known of the way to a row. */
export interface Way {
  anchors: Anchors | null;
  /** Cursors that earlier pages gave: page number → the cursor that stands before it. */
  cursors: ReadonlyMap<number, string>;
}

export interface Reach {
  after?: string;
  skip?: number;
}

/** How to ask for the rows from `row` on: the nearest cursor before it and the rows to skip; null where nothing near enough is known. */
export function reach(row: number, { anchors, cursors }: Way): Reach | null {
  let base = 0;
  let after: string | undefined;
  const anchor = anchors === null ? 0 : Math.min(Math.floor(row / anchors.every), anchors.cursors.length);
  if (anchors !== null && anchor > 0) {
    base = anchor * anchors.every;
    after = anchors.cursors[anchor - 1];
  }
  for (const [page, cursor] of cursors) {
    const start = page * PAGE_ROWS;
    if (start > row || start <= base) continue;
    base = start;
    after = cursor;
  }
  if (row - base > PAGE_MAX_SKIP) return null;
  return { ...(after === undefined ? {} : { after }), ...(row === base ? {} : { skip: row - base }) };
}

export const pageOf = (row: number): number => Math.floor(row / PAGE_ROWS);

/** Pages of the rows [first, end) that are seen, and the two beside them that are fetched in advance, ahead of the scroll first. */
export function wantedPages(first: number, end: number, total: number, down: boolean): { seen: number[]; beside: number[] } {
  const last = Math.min(end, total) - 1;
  if (last < first) return { seen: [], beside: [] };
  const seen: number[] = [];
  for (let page = pageOf(first); page <= pageOf(last); page++) seen.push(page);
  const ends = [pageOf(last) + 1, pageOf(first) - 1];
  if (!down) ends.reverse();
  return { seen, beside: ends.filter((page) => page >= 0 && page * PAGE_ROWS < total) };
}

/** The most rows that are held while so many are seen. */
export const mostHeld = (seen: number): number => (Math.ceil(seen / PAGE_ROWS) + 3) * PAGE_ROWS;
