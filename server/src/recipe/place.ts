import type { Place } from "#protocol/errors.ts";

/** The place of the half-open offsets `start`–`end` of `source`; offsets outside are moved to its ends. Lines end with `\n`. */
export function placeOf(file: string, source: string, start: number, end: number = start): Place {
  const from = position(source, start);
  const to = position(source, Math.max(start, end));
  return { file, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}

function position(source: string, offset: number): { line: number; column: number } {
  const at = Math.min(Math.max(offset, 0), source.length);
  let line = 1;
  let lineStart = 0;
  for (let newline = source.indexOf("\n"); newline >= 0 && newline < at; newline = source.indexOf("\n", newline + 1)) {
    line++;
    lineStart = newline + 1;
  }
  return { line, column: at - lineStart + 1 };
}
