import type { Condition } from "#protocol/corpus.ts";
import type { Facet, Facets, Histogram } from "#protocol/messages/corpus.ts";
import type { Sql } from "../store/sql.ts";
import { filterOf, rowTerms } from "./conditions.ts";
import { findDataset } from "./dataset.ts";
import { isFacet, LABEL_VALUES, VERDICT_VALUES } from "./fields.ts";
import { binOf, countBins, edgesOf, MEASURED, type Measured } from "./histogram.ts";
import type { Selection } from "./keys.ts";
import { rowsOnce } from "./rows-once.ts";
import { requireSearchable, searchTerm } from "./search.ts";

interface Tally {
  n: number;
  stage: string | null;
  format: string | null;
  path: string | null;
  accepted: number;
  parse: number | null;
  answer: number | null;
  copy: number | null;
  duplicate: number | null;
  label: number | null;
  rows: number;
}

const wordOf = (words: Record<string, number | null>, value: number | null): string | null =>
  Object.keys(words).find((word) => words[word] === value) ?? null;
const verdict = (value: number | null): string | null => (value === null ? null : wordOf(VERDICT_VALUES, value));

/** The facets that are told, each with the value that a tally's rows have; null where they have none. */
const FACETS: Record<string, (tally: Tally) => string | null> = {
  stage: ({ stage }) => stage,
  format: ({ format }) => format,
  accepted: ({ accepted, parse }) => (parse === null ? null : accepted === 1 ? "true" : "false"),
  "verdict.parse": ({ parse }) => verdict(parse),
  "verdict.answer": ({ answer }) => verdict(answer),
  "verdict.copy": ({ copy }) => verdict(copy),
  "verdict.duplicate": ({ duplicate }) => verdict(duplicate),
  label: ({ label }) => wordOf(LABEL_VALUES, label),
  template: ({ path }) => path,
};

/**
 * How many rows have each value of each facet, in the whole dataset and under all conditions on other fields; and the same in bins for
 * tokens and length. Conditions on facets alone are answered from the tallies; any others cost one pass over the rows.
 * @throws usage/not-found, usage/invalid-argument
 */
export function facets(sql: Sql, { dataset: name, where, search }: Selection): Facets {
  const dataset = findDataset(sql, name);
  const tallies = sql
    .prepare(
      `SELECT tally.n AS n, stage, format, path, accepted, parse, answer, copy, duplicate, label, rows FROM tally
       LEFT JOIN template ON template.n = tally.template WHERE dataset = ?`,
    )
    .all<Tally>(dataset);
  const fitting = fittingTallies(sql, dataset, where);
  const fits = (tally: number, but?: string): boolean => {
    for (const [field, numbers] of fitting) if (field !== but && !numbers.has(tally)) return false;
    return true;
  };
  const edges: Record<Measured, number[]> = { tokens: edgesOf(sql, dataset, "tokens"), length: edgesOf(sql, dataset, "length") };
  const counts = count(sql, { dataset, where, search, tallies, edges, fits });
  return {
    facets: Object.entries(FACETS)
      .map(([field, wordFor]) => facetOf(field, wordFor, tallies, (n) => (fits(n, field) ? (counts.byTally.get(n) ?? 0) : 0)))
      .filter(({ values }) => values.length > 0),
    histograms: MEASURED.flatMap((field): Histogram[] => {
      if (edges[field].length === 0) return [];
      const total = countBins(sql, dataset, field, edges[field], { terms: [], params: [] });
      return [{ field, edges: edges[field], total, shown: counts.bins[field] ?? total }];
    }),
  };
}

/** Per facet with conditions: the numbers of the tallies that fulfil them. */
function fittingTallies(sql: Sql, dataset: number, where: Condition[]): Map<string, Set<number>> {
  const fitting = new Map<string, Set<number>>();
  for (const field of new Set(where.map((condition) => condition.field).filter(isFacet))) {
    const { terms, params } = filterOf(where.filter((condition) => condition.field === field)).facets;
    const found = sql
      .prepare(`SELECT n FROM tally WHERE tally.dataset = ? AND ${terms.join(" AND ")}`)
      .all<{ n: number }>(dataset, ...params);
    fitting.set(field, new Set(found.map(({ n }) => n)));
  }
  return fitting;
}

interface Counts {
  /** Rows per tally under all conditions that are on no facet. */
  byTally: Map<number, number>;
  /** Rows per bin under all conditions but those on the field; null where these are the total. */
  bins: Record<Measured, number[] | null>;
}

interface Asked extends Pick<Selection, "where" | "search"> {
  dataset: number;
  tallies: Tally[];
  edges: Record<Measured, number[]>;
  fits(tally: number): boolean;
}

function count(sql: Sql, asked: Asked): Counts {
  const { dataset, where, search, tallies, edges } = asked;
  const match = searchTerm(search);
  const onFacets = where.filter(({ field }) => isFacet(field));
  if (match !== null) requireSearchable(sql);
  if (match !== null || onFacets.length < where.length) return countOnce(sql, asked, match);
  const filter = rowTerms(dataset, filterOf(onFacets));
  const bins = (field: Measured) => (where.length === 0 ? null : countBins(sql, dataset, field, edges[field], filter));
  return { byTally: new Map(tallies.map(({ n, rows }) => [n, rows])), bins: { tokens: bins("tokens"), length: bins("length") } };
}

/** One pass over the rows that fulfil what is on no facet and on neither of the measured fields. */
function countOnce(sql: Sql, { dataset, where, edges, fits, tallies }: Asked, match: string | null): Counts {
  const isMeasured = (field: string): field is Measured => (MEASURED as readonly string[]).includes(field);
  const { others, body } = filterOf(where.filter(({ field }) => !isFacet(field) && !isMeasured(field)));
  const tests = { tokens: testOf(where, "tokens"), length: testOf(where, "length") };
  const fitting = new Set(tallies.filter(({ n }) => fits(n)).map(({ n }) => n));
  const byTally = new Map<number, number>();
  const bins = {
    tokens: new Array<number>(Math.max(0, edges.tokens.length - 1)).fill(0),
    length: new Array<number>(Math.max(0, edges.length.length - 1)).fill(0),
  };
  const add = (field: Measured, value: number) => {
    const bin = edges[field].length === 0 ? -1 : binOf(edges[field], value);
    if (bin >= 0) bins[field][bin] = (bins[field][bin] as number) + 1;
  };
  for (const rows of rowsOnce(sql, { dataset, terms: others, body, match }))
    for (const { tally, tokens, length } of rows) {
      const ofTokens = tests.tokens(tokens);
      const ofLength = tests.length(length);
      if (ofTokens && ofLength) byTally.set(tally, (byTally.get(tally) ?? 0) + 1);
      if (!fitting.has(tally)) continue;
      if (ofLength) add("tokens", tokens);
      if (ofTokens) add("length", length);
    }
  return { byTally, bins };
}

/** What the conditions on a measured field say of a value, as `filterOf` says it to the index. */
function testOf(where: Condition[], field: Measured): (value: number) => boolean {
  const conditions = where.filter((condition) => condition.field === field).map(({ op, value }) => ({ op, value: Number(value) }));
  if (conditions.length === 0) return () => true;
  const equal = conditions.filter(({ op }) => op === "=").map(({ value }) => value);
  const others = conditions.filter(({ op }) => op !== "=");
  return (value) => {
    if (equal.length > 0 && (value < 0 || !equal.includes(value))) return false;
    return others.every(({ op, value: other }) => {
      if (op === "!=") return value !== other;
      if (value < 0) return false;
      return op === "<" ? value < other : op === "<=" ? value <= other : op === ">" ? value > other : value >= other;
    });
  };
}

function facetOf(field: string, wordFor: (tally: Tally) => string | null, tallies: Tally[], shownOf: (tally: number) => number): Facet {
  const values = new Map<string, { value: string; total: number; shown: number }>();
  for (const tally of tallies) {
    const value = wordFor(tally);
    if (value === null) continue;
    const known = values.get(value) ?? { value, total: 0, shown: 0 };
    known.total += tally.rows;
    known.shown += shownOf(tally.n);
    values.set(value, known);
  }
  return { field, values: [...values.values()].sort((a, b) => b.total - a.total || (a.value < b.value ? -1 : 1)) };
}
