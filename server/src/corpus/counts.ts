import type { Sql } from "../store/sql.ts";
import { filterOf, rowTerms } from "./conditions.ts";
import { findDataset } from "./dataset.ts";
import type { Selection } from "./keys.ts";
import { requireSearchable, searchTerm } from "./search.ts";

/** Texts of at least this share of all rows are read in the order in which they lie, instead of in an index's order. */
const SCANNED_SHARE = 1 / 8;

/** The table from which all rows of a dataset are visited in any order, where their texts are read, too. */
export function rowsFor(sql: Sql, dataset: number, body: boolean): string {
  if (!body) return "row";
  const { own, all } = sql
    .prepare('SELECT coalesce(sum(rows) FILTER (WHERE dataset = ?), 0) AS own, coalesce(sum(rows), 0) AS "all" FROM tally')
    .get<{ own: number; all: number }>(dataset) as { own: number; all: number };
  return own >= all * SCANNED_SHARE ? "row NOT INDEXED" : "row";
}

/** How many rows a selection has; from the tallies where facets decide it, else by counting. */
export function countRows(sql: Sql, { dataset: name, where, search }: Selection): number {
  const dataset = findDataset(sql, name);
  const filter = filterOf(where);
  const match = searchTerm(search);
  if (match === null && filter.others.terms.length === 0) {
    const terms = ["tally.dataset = ?", ...filter.facets.terms].join(" AND ");
    const params = [dataset, ...filter.facets.params];
    return sql.prepare(`SELECT coalesce(sum(rows), 0) AS n FROM tally WHERE ${terms}`).get<{ n: number }>(...params)?.n as number;
  }
  if (match !== null) requireSearchable(sql);
  const from = match === null ? rowsFor(sql, dataset, filter.body) : "search CROSS JOIN row ON row.n = search.rowid";
  const body = filter.body ? " CROSS JOIN body ON body.n = row.n" : "";
  const rows = rowTerms(dataset, filter);
  const terms = [...(match === null ? [] : ["search MATCH ?"]), "row.dataset = ?", ...rows.terms];
  const params = [...(match === null ? [] : [match]), dataset, ...rows.params];
  return sql.prepare(`SELECT count(*) AS n FROM ${from}${body} WHERE ${terms.join(" AND ")}`).get<{ n: number }>(...params)?.n as number;
}
