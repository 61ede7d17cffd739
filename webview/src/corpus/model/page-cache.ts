import type { Row } from "#protocol/corpus.ts";
import { PAGE_ROWS, pageOf } from "./page-plan.ts";

/** Cursors that are remembered, so that reading on needs no skip. */
const CURSORS = 256;

/** The pages that are held now, and the cursors that earlier ones gave. */
export interface PageCache {
  readonly held: number;
  readonly cursors: ReadonlyMap<number, string>;
  has(page: number): boolean;
  at(index: number): Row | undefined;
  indexOf(id: string): number | null;
  put(page: number, rows: Row[], next: string | null): void;
  /** Forgets the rows of all other pages. */
  keepOnly(pages: ReadonlySet<number>): void;
  patch(change: (row: Row) => Row): void;
  /** Marks all rows as old, moved by `shift`: they are shown until their pages come again. */
  age(shift: number): void;
  /** Takes rows out; those behind move up, and are shown until their pages come again. */
  without(ids: ReadonlySet<string>): void;
  clear(): void;
}

export function createPageCache(): PageCache {
  const pages = new Map<number, Row[]>();
  const old = new Map<number, Row>();
  const cursors = new Map<number, string>();

  function* all(): Iterable<[number, Row]> {
    for (const [page, rows] of pages) for (const [at, row] of rows.entries()) yield [page * PAGE_ROWS + at, row];
    for (const [index, row] of old) if (!pages.has(pageOf(index))) yield [index, row];
  }

  const replaceBy = (moved: [number, Row][]) => {
    pages.clear();
    old.clear();
    cursors.clear();
    for (const [index, row] of moved) if (index >= 0) old.set(index, row);
  };

  return {
    get held() {
      let rows = old.size;
      for (const page of pages.values()) rows += page.length;
      return rows;
    },
    cursors,
    has: (page) => pages.has(page),
    at: (index) => pages.get(pageOf(index))?.[index % PAGE_ROWS] ?? old.get(index),
    indexOf(id) {
      for (const [index, row] of all()) if (row.id === id) return index;
      return null;
    },
    put(page, rows, next) {
      pages.set(page, rows);
      for (let index = page * PAGE_ROWS; index < (page + 1) * PAGE_ROWS; index++) old.delete(index);
      if (next === null) return;
      cursors.delete(page + 1);
      cursors.set(page + 1, next);
      if (cursors.size > CURSORS) cursors.delete(cursors.keys().next().value as number);
    },
    keepOnly(wanted) {
      for (const page of pages.keys()) if (!wanted.has(page)) pages.delete(page);
      for (const index of old.keys()) if (!wanted.has(pageOf(index))) old.delete(index);
    },
    patch(change) {
      for (const [page, rows] of pages) pages.set(page, rows.map(change));
      for (const [index, row] of old) old.set(index, change(row));
    },
    age: (shift) => replaceBy([...all()].map(([index, row]) => [index + shift, row])),
    without(ids) {
      let gone = 0;
      const moved: [number, Row][] = [];
      for (const [index, row] of [...all()].sort(([one], [other]) => one - other)) {
        if (ids.has(row.id)) gone++;
        else moved.push([index - gone, row]);
      }
      replaceBy(moved);
    },
    clear() {
      pages.clear();
      old.clear();
      cursors.clear();
    },
  };
}
