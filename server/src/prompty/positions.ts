import type { Place } from "#protocol/errors.ts";
import type { Span } from "#protocol/template.ts";

/** Line and column of an offset, both from 1; columns count UTF-16 units, as editors do. */
export interface Position {
  line: number;
  column: number;
}

/**
 * The one place where offsets become lines and columns. Lines end at `\n`, `\r\n` or a lone `\r`. A byte order mark is
 * part of the offsets but of no column, because editors do not show it. Offsets outside the source are moved to its ends.
 */
export function createPositions(source: string): (offset: number) => Position {
  const mark = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  const starts = [mark];
  for (const ending of source.matchAll(/\r\n|\n|\r/g)) starts.push(ending.index + ending[0].length);
  return (offset) => {
    const at = Math.min(Math.max(offset, mark), source.length);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (starts[low] ?? 0) + 1 };
  };
}

/** A span as the place that a problem names; the file's name is added by whoever read the file. */
export function placeOf(positions: (offset: number) => Position, span: Span): Place {
  const start = positions(span.start);
  const end = positions(span.end);
  return { line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
}
