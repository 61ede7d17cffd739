import type { Sql } from "../store/sql.ts";

const BINS = 48;

/** Rows above this share are in the last bin, however far they reach: one giant would leave all others in the first. */
const SHOWN_SHARE = 0.995;

/** Fields of which the panel draws histograms; negative values are unknown. */
export const MEASURED = ["tokens", "length"] as const;
export type Measured = (typeof MEASURED)[number];

/**
 * Edges of at most 48 bins of a field over a dataset: bin i holds `edges[i]` up to but without `edges[i + 1]`, the last one also the
 * maximum. Bins are equally wide but the last, which reaches to the maximum where few rows lie far out. Empty where no row has a value.
 */
export function edgesOf(sql: Sql, { dataset, rows, field }: { dataset: number; rows: number; field: Measured }): number[] {
  const value = (rest: string, ...params: number[]): number | undefined =>
    sql.prepare(`SELECT ${field} AS value FROM row WHERE dataset = ? AND ${field} >= 0 ${rest}`).get<{ value: number }>(dataset, ...params)
      ?.value;
  const low = value(`ORDER BY ${field} LIMIT 1`);
  const high = value(`ORDER BY ${field} DESC LIMIT 1`);
  if (low === undefined || high === undefined) return [];
  const far = value(`ORDER BY ${field} DESC LIMIT 1 OFFSET ?`, Math.floor(rows * (1 - SHOWN_SHARE))) ?? low;
  const top = high - low > 2 * (far - low) && far > low ? far : high;
  const bins = Math.min(BINS, Math.max(1, top - low));
  const edges = Array.from({ length: bins }, (_, at) => low + Math.floor((at * (top - low)) / bins));
  return [...edges, high];
}

/** The bin that a value lies in; -1 where it is unknown. */
export function binOf(edges: number[], value: number): number {
  if (edges.length === 0 || value < (edges[0] as number)) return -1;
  let low = 0;
  let high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (value >= (edges[middle] as number)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Rows of a dataset per bin, counted in the field's own index. */
export function countBins(sql: Sql, dataset: number, field: Measured, edges: number[]): number[] {
  const statement = sql.prepare(`SELECT count(*) AS rows FROM row WHERE dataset = ? AND ${field} >= ? AND ${field} < ?`);
  return edges.slice(1).map((edge, at) => {
    const end = at === edges.length - 2 ? edge + 1 : edge;
    return statement.get<{ rows: number }>(dataset, edges[at] as number, end)?.rows as number;
  });
}
