import type { Condition } from "#protocol/corpus.ts";
import type { Facet, Facets, Histogram } from "#protocol/messages/corpus.ts";
import type { Sql } from "../store/sql.ts";
import { filterOf } from "./conditions.ts";
import { findDataset } from "./dataset.ts";
import { isFacet, LABEL_VALUES, VERDICT_VALUES } from "./fields.ts";
import { binOf, countBins, edgesOf, MEASURED, type Measured } from "./histogram.ts";
import type { Selection } from "./keys.ts";
import { visitMeasures } from "./measures.ts";
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
 * tokens and length. Without conditions the tallies and the sort indexes tell it; with any it takes one pass over the rows.
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
  const rows = tallies.reduce((sum, tally) => sum + tally.rows, 0);
  const edgesFor = (field: Measured) => edgesOf(sql, { dataset, rows, field });
  const edges: Record<Measured, number[]> = { tokens: edgesFor("tokens"), length: edgesFor("length") };
  const counts =
    where.length === 0 && searchTerm(search) === null ? null : countOnce(sql, { dataset, where, search, tallies, edges, fits });
  return {
    facets: Object.entries(FACETS)
      .map(([field, wordFor]) =>
        facetOf(field, wordFor, tallies, (tally) => {
          if (counts === null) return tally.rows;
          return fits(tally.n, field) ? (counts.byTally.get(tally.n) ?? 0) : 0;
        }),
      )
      .filter(({ values }) => values.length > 0),
    histograms: MEASURED.flatMap((field): Histogram[] => {
      if (edges[field].length === 0) return [];
      const total = countBins(sql, dataset, field, edges[field]);
      return [{ field, edges: edges[field], total, shown: counts === null ? total : counts.bins[field] }];
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
  /** Rows per bin under all conditions but those on the field. */
  bins: Record<Measured, number[]>;
}

interface Asked extends Pick<Selection, "where" | "search"> {
  dataset: number;
  tallies: Tally[];
  edges: Record<Measured, number[]>;
  fits(tally: number): boolean;
}

/** One pass over the rows that fulfil what is on no facet and on neither of the measured fields. */
function countOnce(sql: Sql, { dataset, where, search, edges, fits, tallies }: Asked): Counts {
  const match = searchTerm(search);
  if (match !== null) requireSearchable(sql);
  const isMeasured = (field: string): field is Measured => (MEASURED as readonly string[]).includes(field);
  const { others, body } = filterOf(where.filter(({ field }) => !isFacet(field) && !isMeasured(field)));
  const tests = { tokens: testOf(where, "tokens"), length: testOf(where, "length") };
  // Numbers of tallies are small, so that they can be places in an array, which a million look-ups are felt in.
  const last = tallies.reduce((most, { n }) => Math.max(most, n), 0);
  const fitting = new Uint8Array(last + 1);
  for (const { n } of tallies) fitting[n] = fits(n) ? 1 : 0;
  const rows = new Uint32Array(last + 1);
  const bins = { tokens: binsFor(edges.tokens), length: binsFor(edges.length) };
  const add = (field: Measured, value: number) => {
    const bin = binOf(edges[field], value);
    if (bin >= 0) bins[field][bin] = (bins[field][bin] as number) + 1;
  };
  visitMeasures(sql, { dataset, terms: others, body, match }, (tally, tokens, length) => {
    const ofTokens = tests.tokens(tokens);
    const ofLength = tests.length(length);
    if (ofTokens && ofLength) rows[tally] = (rows[tally] as number) + 1;
    if (fitting[tally] !== 1) return;
    if (ofLength) add("tokens", tokens);
    if (ofTokens) add("length", length);
  });
  return { byTally: new Map(tallies.map(({ n }) => [n, rows[n] as number])), bins };
}

const binsFor = (edges: number[]): number[] => new Array<number>(Math.max(0, edges.length - 1)).fill(0);

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

function facetOf(field: string, wordFor: (tally: Tally) => string | null, tallies: Tally[], shownOf: (tally: Tally) => number): Facet {
  const values = new Map<string, { value: string; total: number; shown: number }>();
  for (const tally of tallies) {
    const value = wordFor(tally);
    if (value === null) continue;
    const known = values.get(value) ?? { value, total: 0, shown: 0 };
    known.total += tally.rows;
    known.shown += shownOf(tally);
    values.set(value, known);
  }
  return { field, values: [...values.values()].sort((a, b) => b.total - a.total || (a.value < b.value ? -1 : 1)) };
}
