import type { PreviewSegment, Rendering } from "#protocol/messages/preview.ts";

type Segments = readonly PreviewSegment[];

/** From here on a value that fills whole lines is shown as a block. */
const BLOCK_CHARACTERS = 80;

/** How a run of a message is shown. */
export interface Shown {
  segment: PreviewSegment;
  /** Its number among the message's runs. */
  index: number;
  block: boolean;
  text: string;
}

/** Characters that make a line visible that nothing else would. */
const EMPTY_LINE = "\u200b";

/**
 * Which runs become blocks: long values that begin and end a line. A block begins and ends its lines by itself, so the line end that
 * follows it is not shown twice, and one that it ends with is made visible.
 */
export function placeRuns(segments: Segments): Shown[] {
  let before: Shown | null = null;
  return segments.map((segment, index) => {
    const opens = index === 0 || segments[index - 1]?.text.endsWith("\n") === true;
    const next = segments[index + 1];
    const closes = next === undefined || next.text.startsWith("\n");
    const long = segment.text.length >= BLOCK_CHARACTERS || segment.text.trim().includes("\n");
    const block = segment.input !== null && segment.part === undefined && long && opens && closes;
    const text: string = before?.block === true && segment.text.startsWith("\n") ? segment.text.slice(1) : segment.text;
    before = { segment, index, block, text: block && text.endsWith("\n") ? `${text}${EMPTY_LINE}` : text };
    return before;
  });
}

/** The lines of the template that a run covers, both ends included. A value stands where its expression does. */
export function linesOf(segment: PreviewSegment): { first: number; last: number } {
  const ends = segment.input === null ? segment.text.split("\n").length - 1 : 0;
  return { first: segment.line, last: segment.line + ends };
}

/** The runs of a rendering that the template's line made. */
export function runsAtLine(messages: Rendering["messages"], line: number): { message: number; index: number }[] {
  return messages.flatMap(({ segments }, message) =>
    segments.flatMap((segment, index) => {
      const { first, last } = linesOf(segment);
      return line >= first && line <= last && segment.text !== "" ? [{ message, index }] : [];
    }),
  );
}

/** The part of a literal's text that stands on a line of the template, by offsets of the text. */
export function partOnLine(segment: PreviewSegment, line: number): { start: number; end: number } {
  let start = 0;
  for (let at = segment.line; at < line; at++) start = segment.text.indexOf("\n", start) + 1;
  const end = segment.text.indexOf("\n", start);
  return { start, end: end === -1 ? segment.text.length : end };
}

/** The piece of the template behind a place of a run: the expression of a value, the line of a literal. */
export function spanAt(segment: PreviewSegment, offset: number): { start: number; end: number } {
  const { text, span, input } = segment;
  const wide = span.end - span.start - text.length;
  const ends = text.split("\n").length - 1;
  // Line ends of two characters in the source are one in the text; where only some are, the whole literal is meant.
  if (input !== null || (wide !== 0 && wide !== ends)) return span;
  const width = wide === 0 ? 1 : 2;
  const start = text.lastIndexOf("\n", Math.max(0, offset - 1)) + 1;
  const before = start > offset ? 0 : start;
  const end = text.indexOf("\n", before);
  const passed = text.slice(0, before).split("\n").length - 1;
  const from = span.start + before + passed * (width - 1);
  return { start: from, end: from + ((end === -1 ? text.length : end) - before) };
}
