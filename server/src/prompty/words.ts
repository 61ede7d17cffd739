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

const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?/y;
const SYMBOL = /==|!=|<=|>=|[<>|.,()[\]]/y;
const SPACE = /\s*/y;
const ESCAPES: Record<string, string | undefined> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };

/** The next word of the expression in `source[at, end)`, after white space. */
export function readWord(source: string, at: number, end: number): Word {
  SPACE.lastIndex = at;
  const start = Math.min(at + (SPACE.exec(source)?.[0].length ?? 0), end);
  if (start >= end) return { kind: "end", text: "", start: end, end, closed: true };
  const mark = source.charAt(start);
  if (mark === '"' || mark === "'") return readString(source, start, end, mark);
  for (const [kind, pattern] of [
    ["name", NAME],
    ["number", NUMBER],
    ["symbol", SYMBOL],
  ] as const) {
    pattern.lastIndex = start;
    const match = pattern.exec(source);
    if (match !== null && start + match[0].length <= end)
      return { kind, text: match[0], start, end: start + match[0].length, closed: true };
  }
  const text = String.fromCodePoint(source.codePointAt(start) ?? 0);
  return { kind: "other", text, start, end: Math.min(start + text.length, end), closed: true };
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
