import type { WireMark } from "#protocol/messages/preview.ts";

export type JsonKind = "key" | "string" | "number" | "word" | "plain";

/** A piece of a body that is shown in one way. The texts of all pieces, put together, are the body. */
export interface JsonPiece {
  kind: JsonKind;
  text: string;
  /** The input that it came from. */
  mark: WireMark | null;
}

/** Cuts an indented body into what is coloured alike. It need not be whole JSON: of a long body the middle is left out. */
export function jsonPieces(body: string, marks: readonly WireMark[]): JsonPiece[] {
  const pieces: JsonPiece[] = [];
  let next = 0;
  const put = (kind: JsonKind, start: number, end: number) => {
    let at = start;
    while (at < end) {
      while (next < marks.length && (marks[next] as WireMark).end <= at) next++;
      const mark = marks[next];
      const inside = mark !== undefined && mark.start <= at;
      const stop = Math.min(end, mark === undefined ? end : inside ? mark.end : mark.start);
      pieces.push({ kind, text: body.slice(at, stop), mark: inside ? mark : null });
      at = stop;
    }
  };
  let done = 0;
  for (let at = 0; at < body.length; ) {
    const end = tokenEnd(body, at);
    if (end === at) {
      at++;
      continue;
    }
    put("plain", done, at);
    put(kindOf(body, at, end), at, end);
    at = done = end;
  }
  put("plain", done, body.length);
  return pieces;
}

/** Where the string, number or word ends that begins here; the same place where none does. */
function tokenEnd(body: string, at: number): number {
  const first = body.charCodeAt(at);
  if (first === QUOTE) return stringEnd(body, at + 1);
  let end = at;
  while (isWord(body.charCodeAt(end))) end++;
  return end;
}

const QUOTE = 34;
const BACKSLASH = 92;

function stringEnd(body: string, from: number): number {
  let at = from;
  for (; at < body.length; at++) {
    const code = body.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at + 1;
  }
  return body.length;
}

/** Letters, digits, and what else a number has. */
const isWord = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 43 || code === 45 || code === 46;

function kindOf(body: string, start: number, end: number): JsonKind {
  const first = body.charCodeAt(start);
  if (first === QUOTE) return body.charCodeAt(end) === 58 ? "key" : "string";
  return (first >= 48 && first <= 57) || first === 45 ? "number" : "word";
}
