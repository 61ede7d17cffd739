import type { Page, Query } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import { CELL_MAX_CHARACTERS, PAGE_MAX_ROWS, PAGE_MAX_SKIP } from "#protocol/limits.ts";
import type { Sql } from "../store/sql.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { hydrate } from "./hydrate.ts";
import { keysAfter, planOf } from "./keys.ts";

/**
 * One page of a dataset's rows. Rows that stay in the dataset come exactly once, however many are added between two pages. Texts are cut at
 * CELL_MAX_CHARACTERS unless the query asks for the whole. @throws usage/invalid-argument, usage/not-found
 */
export function listPage(sql: Sql, query: Query): Page {
  const { limit, skip = 0, whole = false, brief = false } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX_ROWS)
    throw fail("usage/invalid-argument", `A page has 1 to ${PAGE_MAX_ROWS} rows, not ${limit}`);
  if (!Number.isInteger(skip) || skip < 0 || skip > PAGE_MAX_SKIP)
    throw fail("usage/invalid-argument", `A page goes past at most ${PAGE_MAX_SKIP} rows, not ${skip}`);
  const after = query.after === undefined ? null : decodeCursor(query.after);
  const keys = keysAfter(sql, planOf(sql, query), { after, limit: limit + 1, skip });
  const shown = keys.slice(0, limit);
  const last = shown.at(-1);
  const rows = hydrate(
    sql,
    shown.map(({ n }) => n),
    { brief },
  ).map(({ row }) => (whole ? row : { ...row, text: cut(row.text), solution: cut(row.solution) }));
  return { rows, next: keys.length > limit && last !== undefined ? encodeCursor(last) : null };
}

const cut = (text: string | null): string | null =>
  text === null || text.length <= CELL_MAX_CHARACTERS ? text : `${text.slice(0, CELL_MAX_CHARACTERS - 1)}…`;
