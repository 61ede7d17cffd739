import type { Segment, Span } from "#protocol/template.ts";

/** A piece of rendered text before it is split into messages; `rich` is the value behind a placeholder. */
export interface Piece extends Segment {
  rich: { kind: string; value: unknown } | null;
}

/** A range of the rendered text and the message that it became part of. */
export interface Landing {
  start: number;
  end: number;
  message: number;
}

/**
 * The pieces as segments that each lie in one message. Literal pieces are cut where messages begin and end; values never
 * are, because no marker can stand inside of one. `starts` are the offsets of the pieces, `landings` stand in order.
 */
export function cutSegments(source: string, pieces: readonly Piece[], starts: readonly number[], landings: readonly Landing[]): Segment[] {
  const segments: Segment[] = [];
  for (const [i, { rich: _, ...piece }] of pieces.entries()) {
    const start = starts[i] ?? 0;
    const end = start + piece.text.length;
    if (piece.kind === "interp" || start === end) {
      const landing = landings[lastAtOrBefore(landings, start)];
      segments.push({ ...piece, message: landing !== undefined && start <= landing.end ? landing.message : -1 });
      continue;
    }
    const sourceOffset = createOffsets(source, piece.span, piece.text.length);
    for (let from = start; from < end; ) {
      const index = lastAtOrBefore(landings, from);
      const landing = landings[index];
      const inside = landing !== undefined && from < landing.end;
      const to = Math.min(end, inside ? landing.end : (landings[index + 1]?.start ?? end));
      const span = { start: sourceOffset(from - start), end: sourceOffset(to - start) };
      segments.push({ ...piece, text: piece.text.slice(from - start, to - start), span, message: inside ? landing.message : -1 });
      from = to;
    }
  }
  return segments;
}

function lastAtOrBefore(landings: readonly Landing[], offset: number): number {
  let low = -1;
  let high = landings.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((landings[middle]?.start ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Source offsets for growing offsets of a literal's text, in which each CRLF of the source became one character. */
function createOffsets(source: string, span: Span, length: number): (offset: number) => number {
  if (span.end - span.start === length) return (offset) => span.start + offset;
  let at = span.start;
  let passed = 0;
  return (offset) => {
    for (; passed < offset && at < span.end; passed++) at += source[at] === "\r" && source[at + 1] === "\n" ? 2 : 1;
    return at;
  };
}
