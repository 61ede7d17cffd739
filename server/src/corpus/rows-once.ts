import type { Bind, Sql } from "../store/sql.ts";
import type { Terms } from "./conditions.ts";

/** What counting needs of a row. */
export interface Counted {
  n: number;
  tally: number;
  tokens: number;
  length: number;
}

/** Rows that come at a time: enough that a statement costs nothing beside them, and few enough for the memory. */
const LOT = 50_000;

interface Asked {
  dataset: number;
  terms: Terms;
  body: boolean;
  /** The search as FTS5 takes it, or null. */
  match: string | null;
}

/** Every row that fits, once, in lots. Without a search and a body the index of creation times holds all that is read. */
export function* rowsOnce(sql: Sql, asked: Asked): Generator<Counted[]> {
  if (asked.match !== null) yield* matches(sql, asked, asked.match);
  else yield* byCreation(sql, asked);
}

const COLUMNS = "row.n AS n, row.tally AS tally, row.tokens AS tokens, row.length AS length";

function* byCreation(sql: Sql, { dataset, terms, body }: Asked): Generator<Counted[]> {
  const statement = sql.prepare(
    `SELECT ${COLUMNS}, row.created AS created FROM row${body ? " CROSS JOIN body ON body.n = row.n" : ""}
     WHERE ${["row.dataset = ?", "(row.created, row.n) > (?, ?)", ...terms.terms].join(" AND ")} ORDER BY row.created, row.n LIMIT ?`,
  );
  let after: [number, number] = [Number.MIN_SAFE_INTEGER, 0];
  for (;;) {
    const rows = statement.all<Counted & { created: number }>(dataset, ...after, ...terms.params, LOT);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = [last.created, last.n];
  }
}

function* matches(sql: Sql, { dataset, terms, body }: Asked, match: string): Generator<Counted[]> {
  const statement = sql.prepare(
    `SELECT ${COLUMNS} FROM search CROSS JOIN row ON row.n = search.rowid${body ? " CROSS JOIN body ON body.n = row.n" : ""}
     WHERE ${["search MATCH ?", "search.rowid > ?", "row.dataset = ?", ...terms.terms].join(" AND ")} ORDER BY search.rowid LIMIT ?`,
  );
  let after = 0;
  for (;;) {
    const params: Bind[] = [match, after, dataset, ...terms.params, LOT];
    const rows = statement.all<Counted>(...params);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.n;
  }
}
