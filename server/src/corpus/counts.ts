import type { Query } from "#protocol/corpus.ts";
import type { Sql } from "../store/sql.ts";
import { filterOf } from "./conditions.ts";
import { findDataset } from "./dataset.ts";
import { FIELDS, VERDICT_VALUES } from "./fields.ts";
import { requireSearchable, searchTerm } from "./search.ts";

/** How many rows of a dataset have one value of a facet. */
export interface FacetCount {
  facet: string;
  value: string;
  rows: number;
}

const COUNTED: Record<string, string> = {
  stage: "stage",
  format: "format",
  accepted: "accepted",
  "verdict.parse": "parse",
  "verdict.answer": "answer",
  "verdict.copy": "copy",
  "verdict.duplicate": "duplicate",
};
const VERDICT_WORDS = Object.keys(VERDICT_VALUES);

/** The maintained counters of a dataset, in words: stage, format, template, accepted, verdict.parse, … */
export function facets(sql: Sql, dataset: string): FacetCount[] {
  const number = findDataset(sql, dataset);
  const paths = new Map(
    sql
      .prepare("SELECT n, path FROM template")
      .all<{ n: number; path: string }>()
      .map(({ n, path }) => [String(n), path]),
  );
  const counts = new Map<string, FacetCount>();
  for (const { facet, value, n } of sql
    .prepare("SELECT facet, value, n FROM counter WHERE dataset = ? AND facet <> 'rows'")
    .all<{ facet: string; value: string; n: number }>(number)) {
    const name = Object.keys(COUNTED).find((one) => COUNTED[one] === facet) ?? facet;
    const words = facet === "template" ? (paths.get(value) ?? value) : inWords(name, value);
    const key = `${name} ${words}`;
    const there = counts.get(key);
    if (there === undefined) counts.set(key, { facet: name, value: words, rows: n });
    else there.rows += n;
  }
  return [...counts.values()].sort((a, b) =>
    a.facet === b.facet ? b.rows - a.rows || (a.value < b.value ? -1 : 1) : a.facet < b.facet ? -1 : 1,
  );
}

function inWords(name: string, value: string): string {
  if (name === "accepted") return value === "1" ? "true" : "false";
  return name.startsWith("verdict.") ? (VERDICT_WORDS[Number(value)] ?? value) : value;
}

/** How many rows a query has; from the counters where one tells it, else by counting. */
export function countRows(sql: Sql, { dataset, where, search }: Pick<Query, "dataset" | "where" | "search">): number {
  const number = findDataset(sql, dataset);
  const match = searchTerm(search);
  if (match === null && where.length < 2) {
    const known = counted(sql, number, where[0]);
    if (known !== null) return known;
  }
  const filter = filterOf(where);
  if (match !== null) requireSearchable(sql);
  const from = match === null ? "row" : "search JOIN row ON row.n = search.rowid";
  const body = filter.body ? " JOIN body ON body.n = row.n" : "";
  const terms = [...(match === null ? [] : ["search MATCH ?"]), "row.dataset = ?", ...filter.terms];
  const params = [...(match === null ? [] : [match]), number, ...filter.params];
  return sql.prepare(`SELECT count(*) AS n FROM ${from}${body} WHERE ${terms.join(" AND ")}`).get<{ n: number }>(...params)?.n as number;
}

function counted(sql: Sql, dataset: number, condition: Query["where"][number] | undefined): number | null {
  const read = (facet: string, value: string): number =>
    sql.prepare("SELECT n FROM counter WHERE dataset = ? AND facet = ? AND value = ?").get<{ n: number }>(dataset, facet, value)?.n ?? 0;
  if (condition === undefined) return read("rows", "");
  const facet = COUNTED[condition.field];
  if (facet === undefined || condition.op !== "=") return null;
  filterOf([condition]);
  const kind = FIELDS[condition.field]?.kind;
  if (kind === "flag") return read(facet, condition.value === "true" ? "1" : "0");
  return read(facet, kind === "verdict" ? String(VERDICT_VALUES[condition.value]) : condition.value);
}
