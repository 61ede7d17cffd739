/** A word of an expression. `end` marks the end of the tag, `other` a character that no expression knows. */
export interface Word {
  kind: "name" | "number" | "string" | "symbol" | "end" | "other";
  /** The source text; for a string its value, with escapes resolved. */
  text: string;
  start: number;
  end: number;
  /** False for a string whose closing quote is missing. */
  closed: boolean;
}

/** Names with letters beyond ASCII; plain ones are read without a pattern, because templates can have millions of them. */
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?/y;
const PAIRS = new Set(["==", "!=", "<=", ">="]);
const ESCAPES: Record<string, string | undefined> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };

/** The next word of the expression in `source[at, end)`, after white space. */
export function readWord(source: string, at: number, end: number): Word {
  let start = at;
  while (start < end && isSpace(source.charCodeAt(start))) start++;
  if (start >= end) return { kind: "end", text: "", start: end, end, closed: true };
  const code = source.charCodeAt(start);
  if (isLetter(code)) {
    let stop = start + 1;
    while (stop < end && (isLetter(source.charCodeAt(stop)) || isDigit(source.charCodeAt(stop)))) stop++;
    if (stop >= end || source.charCodeAt(stop) < 128) return word("name", source, start, stop);
  }
  const mark = source.charAt(start);
  if (mark === '"' || mark === "'") return readString(source, start, end, mark);
  if (mark === "-" || isDigit(code)) return matching("number", NUMBER, source, start, end);
  if (start + 2 <= end && PAIRS.has(source.slice(start, start + 2))) return word("symbol", source, start, start + 2);
  if ("<>|.,()[]".includes(mark)) return word("symbol", source, start, start + 1);
  return matching("name", NAME, source, start, end);
}

function word(kind: Word["kind"], source: string, start: number, end: number): Word {
  return { kind, text: source.slice(start, end), start, end, closed: true };
}

/** The word that the pattern finds at `start`, or the one character there as a word of no kind. */
function matching(kind: "name" | "number", pattern: RegExp, source: string, start: number, end: number): Word {
  pattern.lastIndex = start;
  const found = pattern.exec(source)?.[0];
  if (found !== undefined) return word(kind, source, start, Math.min(start + found.length, end));
  return word("other", source, start, Math.min(start + String.fromCodePoint(source.codePointAt(start) ?? 0).length, end));
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x3000 || code === 0xfeff;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

/** `\n \t \r \\ \" \'` are escapes as in Jinja; any other backslash stays, so that LaTeX in a string survives. */
function readString(source: string, start: number, end: number, mark: string): Word {
  let text = "";
  let from = start + 1;
  let at = from;
  while (at < end && source[at] !== mark) {
    const resolved = source[at] === "\\" && at + 1 < end ? ESCAPES[source.charAt(at + 1)] : undefined;
    if (resolved === undefined) {
      at++;
      continue;
    }
    text += source.slice(from, at) + resolved;
    at = from = at + 2;
  }
  text = (text + source.slice(from, at)).replace(/\r\n?/g, "\n");
  return { kind: "string", text, start, end: Math.min(at + 1, end), closed: at < end };
}
