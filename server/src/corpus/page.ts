import type { Page, Query } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import { CELL_MAX_CHARACTERS, PAGE_MAX_ROWS } from "#protocol/limits.ts";
import type { Bind, Sql } from "../store/sql.ts";
import { type Filter, filterOf } from "./conditions.ts";
import { findDataset } from "./dataset.ts";
import { hydrate } from "./hydrate.ts";
import { requireSearchable, searchTerm } from "./search.ts";
import { SORT_FIELDS } from "./sort.ts";

/** Up to as many matches are sorted; where words are more common, the sort's index is walked and each row is asked. */
const SORTED_MATCHES = 50_000;

/** Rows that are asked at a time. */
const WALK_ROWS = 1_000;

/** A row's place in the order: its sort value and its number. */
interface Key {
  value: number;
  n: number;
}

/**
 * One page of a dataset's rows. Rows that stay in the dataset come exactly once, however many are added between two pages. Texts are cut at
 * CELL_MAX_CHARACTERS unless the query asks for the whole. @throws usage/invalid-argument, usage/not-found
 */
export function listPage(sql: Sql, query: Query): Page {
  const { limit } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX_ROWS)
    throw fail("usage/invalid-argument", `A page has 1 to ${PAGE_MAX_ROWS} rows, not ${limit}`);
  const keys = pageKeys(sql, query);
  const shown = keys.slice(0, limit);
  const last = shown.at(-1);
  const rows = hydrate(
    sql,
    shown.map(({ n }) => n),
  ).map(({ row }) => (query.whole === true ? row : { ...row, text: cut(row.text), solution: cut(row.solution) }));
  return { rows, next: keys.length > limit && last !== undefined ? encodeCursor(last) : null };
}

const cut = (text: string | null): string | null =>
  text === null || text.length <= CELL_MAX_CHARACTERS ? text : `${text.slice(0, CELL_MAX_CHARACTERS - 1)}…`;

/** Keys of the page's rows, and of one more where there is one. */
export function pageKeys(sql: Sql, query: Query): Key[] {
  const { where, search, sort, limit } = query;
  const dataset = findDataset(sql, query.dataset);
  if (!SORT_FIELDS.includes(sort.field)) throw fail("usage/invalid-argument", `Rows cannot be sorted by “${sort.field}”`);
  const order = { field: sort.field, descending: sort.descending };
  const plan = { dataset, filter: filterOf(where), order };
  const after = query.after === undefined ? null : decodeCursor(query.after);
  const match = searchTerm(search);
  if (match === null) return keysAfter(sql, plan, after, limit + 1);
  requireSearchable(sql);
  const matches = sql
    .prepare("SELECT count(*) AS n FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)")
    .get<{ n: number }>(match, SORTED_MATCHES + 1)?.n as number;
  return matches <= SORTED_MATCHES ? keysAfter(sql, plan, after, limit + 1, match) : walkMatches(sql, plan, after, limit + 1, match);
}

interface Plan {
  dataset: number;
  filter: Filter;
  order: Query["sort"];
}

function keysAfter(sql: Sql, { dataset, filter, order }: Plan, after: Key | null, limit: number, match?: string): Key[] {
  const direction = order.descending ? "DESC" : "ASC";
  const terms = ["row.dataset = ?"];
  const params: Bind[] = [dataset];
  if (match !== undefined) {
    terms.unshift("search MATCH ?");
    params.unshift(match);
  }
  if (after !== null) {
    terms.push(`(row.${order.field}, row.n) ${order.descending ? "<" : ">"} (?, ?)`);
    params.push(after.value, after.n);
  }
  terms.push(...filter.terms);
  params.push(...filter.params, limit);
  const from = match === undefined ? "row" : "search CROSS JOIN row ON row.n = search.rowid";
  return sql
    .prepare(
      `SELECT row.n AS n, row.${order.field} AS value FROM ${from}${filter.body ? " CROSS JOIN body ON body.n = row.n" : ""}
       WHERE ${terms.join(" AND ")} ORDER BY row.${order.field} ${direction}, row.n ${direction} LIMIT ?`,
    )
    .all<Key>(...params);
}

function walkMatches(sql: Sql, plan: Plan, after: Key | null, limit: number, match: string): Key[] {
  const matches = sql.prepare("SELECT 1 FROM search WHERE search MATCH ? AND rowid = ?");
  const found: Key[] = [];
  let at = after;
  for (;;) {
    const keys = keysAfter(sql, plan, at, WALK_ROWS);
    for (const key of keys) {
      if (matches.get(match, key.n) === undefined) continue;
      found.push(key);
      if (found.length === limit) return found;
    }
    if (keys.length < WALK_ROWS) return found;
    at = keys.at(-1) as Key;
  }
}

const encodeCursor = ({ value, n }: Key): string => Buffer.from(JSON.stringify([value, n])).toString("base64url");

function decodeCursor(text: string): Key {
  try {
    const [value, n, ...rest] = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as unknown[];
    if (typeof value === "number" && typeof n === "number" && rest.length === 0) return { value, n };
  } catch {
    // Falls through to the same refusal as a cursor of another form.
  }
  throw fail("usage/invalid-argument", "The cursor is none that a page gave", { remedy: "Begin again without a cursor." });
}
