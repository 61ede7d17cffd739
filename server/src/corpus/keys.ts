import type { Query } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import type { Bind, Sql } from "../store/sql.ts";
import { filterOf, rowTerms, type Terms } from "./conditions.ts";
import type { Key } from "./cursor.ts";
import { findDataset } from "./dataset.ts";
import { requireSearchable, searchTerm } from "./search.ts";
import { hasMarks, marksOf } from "./search-marks.ts";
import { SORT_FIELDS } from "./sort.ts";

/** Up to as many matches are sorted; where words are more common, the sort's index is walked past those that do not match. */
const SORTED_MATCHES = 50_000;

/** Rows that are walked at a time. */
const WALK_ROWS = 1_000;

/** Which rows, in which order. */
export interface Plan {
  dataset: number;
  filter: Terms;
  body: boolean;
  order: Query["sort"];
  /** The search as FTS5 takes it, and whether its words are too common to sort what they match. */
  match: { term: string; common: boolean } | null;
}

export type Selection = Pick<Query, "dataset" | "where" | "search">;

/** @throws usage/invalid-argument, usage/not-found */
export function planOf(sql: Sql, { dataset: name, where, search, sort }: Selection & Pick<Query, "sort">): Plan {
  const dataset = findDataset(sql, name);
  if (!SORT_FIELDS.includes(sort.field)) throw fail("usage/invalid-argument", `Rows cannot be sorted by “${sort.field}”`);
  const filter = filterOf(where);
  const term = searchTerm(search);
  if (term !== null) requireSearchable(sql);
  return {
    dataset,
    filter: rowTerms(dataset, filter),
    body: filter.body,
    order: { field: sort.field, descending: sort.descending },
    match: term === null ? null : { term, common: hasMarks(sql, term) || isCommon(sql, term) },
  };
}

/** All rows of a dataset, in the order in which they came or the other way round. */
export const wholeDataset = (dataset: number, descending = false): Plan => ({
  dataset,
  filter: { terms: [], params: [] },
  body: false,
  order: { field: "created", descending },
  match: null,
});

function isCommon(sql: Sql, term: string): boolean {
  const matches = sql
    .prepare("SELECT count(*) AS n FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)")
    .get<{ n: number }>(term, SORTED_MATCHES + 1)?.n as number;
  return matches > SORTED_MATCHES;
}

/** The next rows after a place, past `skip` of them. */
export function keysAfter(sql: Sql, plan: Plan, { after, limit, skip = 0 }: { after: Key | null; limit: number; skip?: number }): Key[] {
  if (plan.match === null) return select(sql, plan, null, { after, limit, skip });
  if (!plan.match.common) return select(sql, plan, plan.match.term, { after, limit, skip });
  return walkMatches(sql, plan, plan.match.term, { after, limit, skip });
}

/** Where rows are read from: behind a key's row among those of the same value, at greater values, or everywhere. */
type Range = { of: "all" } | { of: "same" | "further"; key: Key };

/**
 * Rows behind a key. SQLite seeks only by the first part of `(value, n) < (?, ?)`, and rows that were imported together share theirs, so
 * the two parts are asked one after the other.
 */
function select(
  sql: Sql,
  plan: Plan,
  match: string | null,
  { after, limit, skip }: { after: Key | null; limit: number; skip: number },
): Key[] {
  if (after === null) return range(sql, plan, match, { of: "all" }).keys(limit, skip);
  const same = range(sql, plan, match, { of: "same", key: after });
  const keys = same.keys(limit, skip);
  if (keys.length === limit) return keys;
  const left = keys.length > 0 ? 0 : Math.max(0, skip - same.count(skip));
  return keys.concat(range(sql, plan, match, { of: "further", key: after }).keys(limit - keys.length, left));
}

function range(sql: Sql, { dataset, filter, body, order }: Plan, match: string | null, part: Range) {
  const direction = order.descending ? "DESC" : "ASC";
  const behind = order.descending ? "<" : ">";
  const terms = ["row.dataset = ?"];
  const params: Bind[] = [dataset];
  if (match !== null) {
    terms.unshift("search MATCH ?");
    params.unshift(match);
  }
  if (part.of === "same") {
    terms.push(`row.${order.field} = ?`, `row.n ${behind} ?`);
    params.push(part.key.value, part.key.n);
  } else if (part.of === "further") {
    terms.push(`row.${order.field} ${behind} ?`);
    params.push(part.key.value);
  }
  terms.push(...filter.terms);
  params.push(...filter.params);
  const from = match === null ? "row" : "search CROSS JOIN row ON row.n = search.rowid";
  const source = `FROM ${from}${body ? " CROSS JOIN body ON body.n = row.n" : ""} WHERE ${terms.join(" AND ")}`;
  return {
    keys: (limit: number, skip: number) =>
      sql
        .prepare(
          `SELECT row.n AS n, row.${order.field} AS value ${source} ORDER BY row.${order.field} ${direction}, row.n ${direction} LIMIT ? OFFSET ?`,
        )
        .all<Key>(...params, limit, skip),
    /** How many there are, counted up to `most`. */
    count: (most: number): number =>
      most === 0
        ? 0
        : (sql.prepare(`SELECT count(*) AS n FROM (SELECT 1 ${source} LIMIT ?)`).get<{ n: number }>(...params, most)?.n as number),
  };
}

function walkMatches(
  sql: Sql,
  plan: Plan,
  match: string,
  { after, limit, skip }: { after: Key | null; limit: number; skip: number },
): Key[] {
  const marks = marksOf(sql, match);
  const found: Key[] = [];
  let left = skip;
  let at = after;
  for (;;) {
    const keys = select(sql, plan, null, { after: at, limit: WALK_ROWS, skip: 0 });
    for (const key of keys) {
      if (marks[key.n] !== 1) continue;
      if (left > 0) {
        left -= 1;
        continue;
      }
      found.push(key);
      if (found.length === limit) return found;
    }
    if (keys.length < WALK_ROWS) return found;
    at = keys.at(-1) as Key;
  }
}
