import type { Span } from "#protocol/template.ts";

/**
 * A piece of a template's body. The tokens follow each other without a gap: their slices put together are the source.
 * `inner` is what stands between the delimiters (and trim markers) of a tag, or the text itself.
 */
export interface Token {
  kind: "text" | "comment" | "statement" | "expression";
  start: number;
  end: number;
  inner: Span;
  trimBefore: boolean;
  trimAfter: boolean;
  /** False where the closing delimiter is missing; the tag then ends with its line or before the next tag. */
  closed: boolean;
}

const KINDS: Record<string, "comment" | "statement" | "expression" | undefined> = { "{": "expression", "%": "statement", "#": "comment" };

/** The closing delimiter of each kind of tag. */
export const CLOSERS = { expression: "}}", statement: "%}", comment: "#}" } as const;

/** After so many tags that do not close, the text is no template: the rest of it is taken as text. */
const MAX_UNCLOSED = 200;

/** Cuts `source[start, end)` into text and tags in one pass. Any text is accepted. */
export function lexTemplate(source: string, start: number, end: number): Token[] {
  const tokens: Token[] = [];
  const scan: Scan = { source, end, commentsClose: true, plainUntil: 0 };
  let textStart = start;
  let at = start;
  let unclosed = 0;
  for (;;) {
    const brace = source.indexOf("{", at);
    if (brace === -1 || brace + 1 >= end) break;
    const kind = KINDS[source.charAt(brace + 1)];
    if (kind === undefined) {
      at = brace + 1;
      continue;
    }
    if (brace > textStart) tokens.push(textToken(textStart, brace));
    const token = readTag(scan, kind, brace);
    tokens.push(token);
    textStart = at = token.end;
    if (!token.closed && ++unclosed >= MAX_UNCLOSED) break;
  }
  if (textStart < end) tokens.push(textToken(textStart, end));
  return tokens;
}

interface Scan {
  source: string;
  end: number;
  /** False once no `#}` is ahead, so that many open comments do not each search to the end. */
  commentsClose: boolean;
  /** Quotes before this offset open no string: one of them had no partner on its line. */
  plainUntil: number;
}

function textToken(start: number, end: number): Token {
  return { kind: "text", start, end, inner: { start, end }, trimBefore: false, trimAfter: false, closed: true };
}

function readTag(scan: Scan, kind: "comment" | "statement" | "expression", start: number): Token {
  const { source } = scan;
  const content = start + 2;
  const { close, stop } = kind === "comment" ? findCommentClose(scan, content) : findClose(scan, content, CLOSERS[kind]);
  const closed = close !== -1;
  const contentEnd = closed ? close : stop;
  const trimBefore = content < contentEnd && source[content] === "-";
  const innerStart = trimBefore ? content + 1 : content;
  const trimAfter = closed && contentEnd > innerStart && source[contentEnd - 1] === "-";
  const inner = { start: innerStart, end: trimAfter ? contentEnd - 1 : contentEnd };
  return { kind, start, end: closed ? close + 2 : stop, inner, trimBefore, trimAfter, closed };
}

/** Where the tag closes, or -1 and where it is best taken to end: with its line, or before the next tag. */
function findClose(scan: Scan, from: number, closer: string): { close: number; stop: number } {
  const { source, end } = scan;
  let lineEnd = -1;
  let at = from;
  while (at < end) {
    const char = source[at];
    if (char === closer[0] && at + 1 < end && source[at + 1] === closer[1]) return { close: at, stop: at };
    if (char === "{" && at + 1 < end && KINDS[source.charAt(at + 1)] !== undefined) break;
    if (char === "\n" && lineEnd === -1) lineEnd = at;
    if ((char === '"' || char === "'") && at >= scan.plainUntil) at = skipString(scan, at, char);
    else at++;
  }
  const stop = lineEnd === -1 ? at : lineEnd;
  return { close: -1, stop: stop > from && source[stop - 1] === "\r" ? stop - 1 : stop };
}

/** The offset after a string that closes on its line, else the offset after its quote. */
function skipString(scan: Scan, quote: number, mark: string): number {
  const { source, end } = scan;
  let at = quote + 1;
  while (at < end && source[at] !== "\n") {
    if (source[at] === mark) return at + 1;
    at += source[at] === "\\" && source[at + 1] !== "\n" ? 2 : 1;
  }
  scan.plainUntil = Math.min(at, end);
  return quote + 1;
}

function findCommentClose(scan: Scan, from: number): { close: number; stop: number } {
  const { source, end } = scan;
  const close = scan.commentsClose ? source.indexOf("#}", from) : -1;
  if (close !== -1 && close + 2 <= end) return { close, stop: close };
  scan.commentsClose = false;
  let stop = from;
  while (stop < end && source[stop] !== "\n") stop++;
  return { close: -1, stop: stop > from && source[stop - 1] === "\r" ? stop - 1 : stop };
}
