import type { ContentPart, Message, Role, Segment, Span } from "#protocol/template.ts";
import { cutSegments, type Landing, type Piece } from "./pieces.ts";
import { findMarkers } from "./roles.ts";
import { PLACEHOLDER, readPart, readThread } from "./thread.ts";

interface Section {
  role: Role;
  metadata: Record<string, unknown>;
  start: number;
  end: number;
}

export interface Assembled {
  text: string;
  messages: Message[];
  /** The pieces cut at the role markers, each with its message. */
  segments: Segment[];
}

/**
 * Splits rendered pieces into messages at the role markers of their literal text (specification, section 6.4). Whether a
 * message exists depends on the template's own text only, so no value adds, removes or turns a message; declared threads,
 * which are messages, are put in where they stand.
 */
export function assemble(source: string, pieces: readonly Piece[]): Assembled {
  const text = pieces.map((piece) => piece.text).join("");
  const markers = findMarkers(text, pieces);
  const messages: Message[] = [];
  const landings: Landing[] = [];
  const starts = startsOf(pieces);
  const sections: Section[] = markers.map(({ role, metadata, end }, i) => ({
    role,
    metadata,
    start: end,
    end: markers[i + 1]?.start ?? text.length,
  }));
  const preamble = { role: "system" as const, metadata: {}, start: 0, end: markers[0]?.start ?? text.length };
  if (markers.length === 0 || hasContent(pieces, starts, preamble.start, preamble.end)) sections.unshift(preamble);
  for (const section of sections) addSection(section, text, pieces, starts, messages, landings);
  return { text, messages, segments: cutSegments(source, pieces, starts, landings) };
}

/**
 * Splits a finished text into messages, as the specification's `parse` does. Every line of the text is trusted, and every
 * placeholder of a thread is expanded: for text of the template's author only. `render` is the way for templates with values.
 */
export function parseMessages(text: string, threads: Record<string, unknown> = {}): Message[] {
  const pieces: Piece[] = [];
  const none: Span = { start: 0, end: 0 };
  let from = 0;
  const literal = (end: number): void => {
    if (end > from)
      pieces.push({ kind: "literal", text: text.slice(from, end), source: null, strict: false, span: none, message: -1, rich: null });
  };
  for (const match of text.matchAll(PLACEHOLDER)) {
    const name = match[1] ?? "";
    if (!Object.hasOwn(threads, name)) continue;
    literal(match.index);
    from = match.index + match[0].length;
    const rich = { kind: "thread", value: threads[name] };
    pieces.push({ kind: "interp", text: match[0], source: name, strict: false, span: none, message: -1, rich });
  }
  literal(text.length);
  return assemble(text, pieces).messages;
}

/** Offset of each piece in the text. */
function startsOf(pieces: readonly Piece[]): number[] {
  let offset = 0;
  return pieces.map((piece) => {
    const start = offset;
    offset += piece.text.length;
    return start;
  });
}

/** The index of the first piece that ends behind `offset`, or is empty and stands at it. */
function firstPiece(pieces: readonly Piece[], starts: readonly number[], offset: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const start = starts[middle] ?? 0;
    if (start >= offset || start + (pieces[middle] as Piece).text.length > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether a range holds literal text that is not blank, or any value, be it empty. */
function hasContent(pieces: readonly Piece[], starts: readonly number[], start: number, end: number): boolean {
  for (let i = firstPiece(pieces, starts, start); i < pieces.length; i++) {
    const piece = pieces[i] as Piece;
    const at = starts[i] ?? 0;
    if (at > end || (at === end && piece.text !== "")) return false;
    if (piece.kind === "interp") return true;
    if (/\S/.test(piece.text.slice(Math.max(start - at, 0), end - at))) return true;
  }
  return false;
}

function addSection(
  { role, metadata, start, end }: Section,
  text: string,
  pieces: readonly Piece[],
  starts: readonly number[],
  messages: Message[],
  landings: Landing[],
): void {
  const extra = Object.keys(metadata).length === 0 ? {} : { metadata };
  let parts: ContentPart[] = [];
  let partsStart = start;
  let textStart = start;
  const takeText = (textEnd: number, keepEmpty: boolean): void => {
    const value = trimNewlines(text.slice(textStart, textEnd));
    if (value !== "" || keepEmpty) parts.push({ kind: "text", value });
  };
  const flush = (flushEnd: number): void => {
    landings.push({ start: partsStart, end: flushEnd, message: messages.length });
    messages.push({ role, content: parts, ...extra });
    parts = [];
  };
  let split = false;
  for (let i = firstPiece(pieces, starts, start); i < pieces.length; i++) {
    const at = starts[i] ?? 0;
    if (at >= end) break;
    const { rich, text: shown } = pieces[i] as Piece;
    if (rich === null) continue;
    if (rich.kind !== "thread") {
      const part = readPart(rich.kind, rich.value);
      if (part === null) continue;
      takeText(at, false);
      parts.push(part);
      textStart = at + shown.length;
      continue;
    }
    const thread = readThread(rich.value);
    if (!("messages" in thread)) continue;
    if (parts.length > 0 || hasContent(pieces, starts, textStart, at)) {
      takeText(at, parts.length === 0);
      flush(at);
    }
    landings.push({ start: at, end: at + shown.length, message: thread.messages.length > 0 ? messages.length : -1 });
    for (const message of thread.messages) messages.push(message);
    split = true;
    partsStart = textStart = at + shown.length;
  }
  if (split && parts.length === 0 && !hasContent(pieces, starts, textStart, end)) return;
  takeText(end, parts.length === 0);
  flush(end);
}

function trimNewlines(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === "\n") start++;
  while (end > start && text[end - 1] === "\n") end--;
  return text.slice(start, end);
}
