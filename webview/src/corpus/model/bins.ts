import type { Histogram } from "#protocol/messages/corpus.ts";
import type { NumberRange } from "./filters.ts";

/** Numbers of the bins [from, to) of a histogram, as a range of whole numbers that a condition can say. */
export function rangeOfBins({ edges }: Pick<Histogram, "edges">, from: number, to: number): NumberRange | null {
  const bins = edges.length - 1;
  if (bins < 1 || to <= from || (from <= 0 && to >= bins)) return null;
  const low = from <= 0 ? null : Math.ceil(edges[from] as number);
  // A bin has its lower edge, the next bin its upper one; only the last has both.
  const high = to >= bins ? null : Math.ceil(edges[to] as number) - 1;
  return { low, high };
}

/** The bins that a range covers, wholly or in part: half open. */
export function binsOfRange({ edges }: Pick<Histogram, "edges">, range: NumberRange | null): { from: number; to: number } {
  const bins = edges.length - 1;
  if (range === null) return { from: 0, to: bins };
  const binOf = (value: number) => {
    let bin = 0;
    while (bin < bins - 1 && (edges[bin + 1] as number) <= value) bin++;
    return bin;
  };
  return {
    from: range.low === null ? 0 : binOf(range.low),
    to: range.high === null ? bins : binOf(range.high) + 1,
  };
}
