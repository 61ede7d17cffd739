import type { Sql } from "../store/sql.ts";
import { filterOf, rowTerms } from "./conditions.ts";
import { findDataset } from "./dataset.ts";
import type { Selection } from "./keys.ts";
import { requireSearchable, searchTerm } from "./search.ts";

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
  const from = match === null ? "row" : "search CROSS JOIN row ON row.n = search.rowid";
  const body = filter.body ? " CROSS JOIN body ON body.n = row.n" : "";
  const rows = rowTerms(dataset, filter);
  const terms = [...(match === null ? [] : ["search MATCH ?"]), "row.dataset = ?", ...rows.terms];
  const params = [...(match === null ? [] : [match]), dataset, ...rows.params];
  return sql.prepare(`SELECT count(*) AS n FROM ${from}${body} WHERE ${terms.join(" AND ")}`).get<{ n: number }>(...params)?.n as number;
}
