import type { Query } from "#protocol/corpus.ts";
import { MOST_ANCHORS, PAGE_MAX_SKIP } from "#protocol/limits.ts";
import type { Anchors } from "#protocol/messages/corpus.ts";
import type { Sql } from "../store/sql.ts";
import { countRows } from "./counts.ts";
import { encodeCursor, type Key } from "./cursor.ts";
import { isFacet } from "./fields.ts";
import { keysAfter, type Plan, planOf, type Selection } from "./keys.ts";
import { marksOf } from "./search-marks.ts";

/** So many anchors are enough for any scrollbar; more only cost time. */
const WANTED = Math.min(2_000, MOST_ANCHORS);

/** Rows between two anchors, where few rows need few. */
const LEAST_ROWS = 200;

/** For tests: other numbers than the usual ones. */
interface Settings {
  leastRows?: number;
  /** Takes the words for common ones. */
  common?: boolean;
}

/** Rows that are read at a time where each has to be looked at. */
const LOT = 50_000;

/**
 * Cursors at every so many rows, and how many rows there are, in one pass. A page anywhere is then reached by the anchor before it and
 * `skip`. @throws usage/not-found, usage/invalid-argument
 */
export function anchors(
  sql: Sql,
  { row, ...selection }: Selection & Pick<Query, "sort"> & { row?: string | undefined },
  { leastRows = LEAST_ROWS, common = false }: Settings = {},
): Anchors {
  const plan = planOf(sql, selection);
  if (plan.match !== null && common) plan.match.common = true;
  const most = upperBound(sql, plan, selection);
  const every = Math.min(PAGE_MAX_SKIP, Math.max(leastRows, Math.ceil(most / WANTED)));
  const { keys, rows } = plan.match === null ? bySteps(sql, plan, every) : byMatches(sql, plan, plan.match, every);
  // A cursor behind the last row leads nowhere.
  const cursors = keys.slice(0, Math.max(0, Math.ceil(rows / every) - 1)).map(encodeCursor);
  return { every, cursors, rows, at: row === undefined ? null : placeOf(sql, plan, { every, keys }, row) };
}

/** Where a row stands: behind the last anchor before it, and then counted. */
function placeOf(sql: Sql, plan: Plan, { every, keys }: { every: number; keys: Key[] }, id: string): number | null {
  const { dataset, order } = plan;
  const wanted = sql.prepare(`SELECT n, ${order.field} AS value FROM row WHERE id = ? AND dataset = ?`).get<Key>(id, dataset);
  if (wanted === undefined) return null;
  const isBehind = (key: Key) => (key.value - wanted.value || key.n - wanted.n) * (order.descending ? -1 : 1) > 0;
  const next = keys.findIndex(isBehind);
  const before = next === -1 ? keys.length : next;
  const last = keys[before - 1];
  if (last?.n === wanted.n) return before * every - 1;
  const found = keysAfter(sql, plan, { after: last ?? null, limit: every }).findIndex(({ n }) => n === wanted.n);
  return found === -1 ? null : before * every + found;
}

function upperBound(sql: Sql, { match }: Plan, { dataset, where }: Selection): number {
  const rows = countRows(sql, { dataset, where: where.filter(({ field }) => isFacet(field)) });
  if (match === null) return rows;
  return Math.min(rows, sql.prepare("SELECT count(*) AS n FROM search WHERE search MATCH ?").get<{ n: number }>(match.term)?.n as number);
}

/** Steps over rows inside the database, where they cost least. */
function bySteps(sql: Sql, plan: Plan, every: number): { keys: Key[]; rows: number } {
  const keys: Key[] = [];
  for (let after: Key | null = null; ; ) {
    const [key]: Key[] = keysAfter(sql, plan, { after, limit: 1, skip: every - 1 });
    if (key === undefined) return { keys, rows: keys.length * every + keysAfter(sql, plan, { after, limit: every }).length };
    keys.push(key);
    after = key;
  }
}

/** Goes once along the order past what matches: sorted by the database, or, where that is too much, marked before. */
function byMatches(sql: Sql, plan: Plan, { term, common }: NonNullable<Plan["match"]>, every: number): { keys: Key[]; rows: number } {
  const marks = common ? marksOf(sql, term) : null;
  const walked: Plan = common ? { ...plan, match: null } : plan;
  const keys: Key[] = [];
  let rows = 0;
  for (let after: Key | null = null; ; ) {
    const lot: Key[] = keysAfter(sql, walked, { after, limit: LOT });
    for (const key of lot) {
      if (marks !== null && marks[key.n] !== 1) continue;
      rows += 1;
      if (rows % every === 0) keys.push(key);
    }
    after = lot.at(-1) ?? null;
    if (lot.length < LOT) return { keys, rows };
  }
}
