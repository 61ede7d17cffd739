import type { Sql } from "../store/sql.ts";

/** Which rows have the words of a search: a byte per row number, 1 where it has them. */
export type Marks = Uint8Array;

interface Known {
  /** The last row that was searchable, and how often rows before it have been put in or taken out. */
  last: number;
  changes: number;
  marks: Marks;
}

/** Searches whose marks a connection keeps. */
const KEPT = 4;

const known = new WeakMap<Sql, Map<string, Known>>();

/**
 * The rows that have all words of a search, as FTS5 takes it. Where words are very common, to ask this once and then to go along a sort's
 * index costs less than to sort the matches; and to ask the full-text index about single rows, it has to read all matches each time.
 * What was found is kept for the next page, and rows that came since are added.
 */
export function marksOf(sql: Sql, term: string): Marks {
  const kept = known.get(sql) ?? new Map<string, Known>();
  known.set(sql, kept);
  const read = sql.prepare("SELECT value FROM meta WHERE name = ?");
  const changes = read.get<{ value: number }>("search changes")?.value ?? 0;
  const last = read.get<{ value: number }>("searchable")?.value ?? 0;
  const there = kept.get(term);
  kept.delete(term);
  const now = there === undefined || there.changes !== changes ? { last: 0, changes, marks: new Uint8Array() } : there;
  if (now.last < last) {
    const marks = new Uint8Array(last + 1);
    marks.set(now.marks);
    mark(marks, found(sql, term, now.last));
    now.marks = marks;
    now.last = last;
  }
  kept.set(term, now);
  for (const [oldest] of kept) if (kept.size > KEPT) kept.delete(oldest);
  return now.marks;
}

/** Whether a search's marks are kept, as they are for words that are common. */
export const hasMarks = (sql: Sql, term: string): boolean => known.get(sql)?.has(term) === true;

/** Numbers of matches as one text: a million of them one by one would take several times as long. */
const found = (sql: Sql, term: string, after: number): string =>
  sql.prepare("SELECT group_concat(rowid) AS list FROM search WHERE search MATCH ? AND rowid > ?").get<{ list: string | null }>(term, after)
    ?.list ?? "";

const COMMA = 44;
const ZERO = 48;

function mark(marks: Marks, list: string): void {
  let number = 0;
  for (let at = 0; at < list.length; at++) {
    const code = list.charCodeAt(at);
    if (code === COMMA) {
      marks[number] = 1;
      number = 0;
    } else number = number * 10 + code - ZERO;
  }
  if (list !== "") marks[number] = 1;
}
