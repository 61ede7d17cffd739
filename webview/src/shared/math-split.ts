/** A part of a text: words, or a formula. The `source`s of all parts, put together, are the text. */
export type MathPart = { kind: "text"; source: string; text: string } | { kind: "math"; source: string; tex: string; display: boolean };

/** A formula longer than this is text: nobody reads it, and typesetting it would hold the panel up. */
export const MATH_MAX_CHARACTERS = 4_000;

/** Characters that are looked through in vain for ends of formulas before the rest of a text is words: it is no mathematics. */
const PATIENCE = 400_000;

const OPENINGS = /\\[([$\\]|\$\$?|\\boxed\{|\\begin\{(?:equation|align|alignat|gather)\*?\}/g;

/**
 * Finds the formulas of a text: `\(…\)`, `\[…\]`, `$$…$$`, `$…$`, and `\boxed{…}` and the environments that stand by themselves.
 *
 * A single dollar begins a formula only if (1) no white space follows it, (2) the next dollar outside of braces has no white space
 * before it and no digit after it, (3) no blank line lies between the two, and (4) what lies between is not a number followed by words.
 * So “$5 and $7”, “$5,000–$7,000” and “between $5 a day and 6$ …” stay money. `\$` is always a dollar sign.
 */
export function splitMath(text: string): MathPart[] {
  const parts: MathPart[] = [];
  let done = 0;
  const takeText = (end: number) => {
    if (end === done) return;
    const source = text.slice(done, end);
    parts.push({ kind: "text", source, text: source.replaceAll("\\$", "$") });
  };
  const search: Search = { text, left: PATIENCE };
  OPENINGS.lastIndex = 0;
  for (let opening = OPENINGS.exec(text); opening !== null && search.left > 0; opening = OPENINGS.exec(text)) {
    const { index, 0: token } = opening;
    const found = formulaAt(search, index, token);
    if (found === null) {
      // “$$” that opens nothing may still be one dollar before a formula.
      if (token === "$$") OPENINGS.lastIndex = index + 1;
      continue;
    }
    takeText(index);
    parts.push({ kind: "math", source: text.slice(index, found.end), tex: found.tex, display: found.display });
    done = OPENINGS.lastIndex = found.end;
  }
  takeText(text.length);
  return parts;
}

/** A text that is still being written: a formula that has begun and not ended is ended, so that it can be set already. */
export function withOpenFormula(text: string): string {
  const rest = splitMath(text).at(-1);
  if (rest?.kind !== "text") return text;
  for (const [opening, closing] of CLOSINGS) {
    const at = rest.source.lastIndexOf(opening);
    if (at === -1 || (at > 0 && rest.source[at - 1] === "\\")) continue;
    const tex = rest.source.slice(at + opening.length);
    // As long as nobody knows, a number is money.
    if (opening === "$" && /^\d[\d.,]*(?:\s|$)/.test(tex)) continue;
    const closed = `${text.trimEnd()}${"}".repeat(openBraces(tex))}${closing}`;
    if (tex.trim() !== "" && splitMath(closed).at(-1)?.kind === "math") return closed;
  }
  return text;
}

const CLOSINGS = [
  ["\\(", "\\)"],
  ["\\[", "\\]"],
  ["$$", "$$"],
  ["$", "$"],
] as const;

function openBraces(tex: string): number {
  let depth = 0;
  for (const [brace] of tex.matchAll(/\\.|[{}]/gs)) {
    if (brace === "{") depth++;
    if (brace === "}") depth--;
  }
  return Math.max(0, depth);
}

interface Search {
  text: string;
  /** How many characters may still be looked through in vain. */
  left: number;
}

interface Formula {
  tex: string;
  display: boolean;
  end: number;
}

function formulaAt(search: Search, index: number, token: string): Formula | null {
  const start = index + token.length;
  switch (token) {
    case "\\$":
    case "\\\\":
      return null;
    case "$":
      return inlineDollars(search, start);
    case "$$":
      return closedBy(search, start, "$$", true);
    case "\\(":
      return closedBy(search, start, "\\)", false);
    case "\\[":
      return closedBy(search, start, "\\]", true);
    case "\\boxed{":
      return bareBox(search, index, start);
    default: {
      const closing = token.replace("\\begin", "\\end");
      const end = find(search, start, closing, false);
      if (end === -1) return null;
      return { tex: search.text.slice(index, end + closing.length), display: true, end: end + closing.length };
    }
  }
}

/** The formula up to the first `closing` that stands outside of braces. */
function closedBy(search: Search, start: number, closing: string, display: boolean): Formula | null {
  const end = find(search, start, closing, true);
  if (end === -1) return null;
  const tex = search.text.slice(start, end);
  return tex.trim() === "" ? null : { tex, display, end: end + closing.length };
}

/** Models write the box around an answer without dollars, too. */
function bareBox(search: Search, index: number, start: number): Formula | null {
  const end = find(search, start, "}", true);
  if (end <= start) return null;
  return { tex: search.text.slice(index, end + 1), display: false, end: end + 1 };
}

function inlineDollars(search: Search, start: number): Formula | null {
  const { text } = search;
  if (start >= text.length || /\s/.test(text.charAt(start))) return null;
  const end = find(search, start, "$", true);
  if (end <= start || /\s/.test(text.charAt(end - 1)) || /\d/.test(text.charAt(end + 1))) return null;
  const tex = text.slice(start, end);
  if (/\n[ \t\r]*\n/.test(tex) || /^\d[\d.,]*\s+\p{L}{2,}[\s,;]+\p{L}/u.test(tex)) return null;
  return { tex, display: false, end: end + 1 };
}

/** Offset of `wanted`, -1 where there is none within the longest formula. Escaped characters count for nothing. */
function find(search: Search, start: number, wanted: string, outsideBraces: boolean): number {
  const { text } = search;
  const last = Math.min(text.length, start + MATH_MAX_CHARACTERS);
  let depth = 0;
  for (let at = start; at < last; at++) {
    if ((depth <= 0 || !outsideBraces) && text.startsWith(wanted, at)) return at;
    const character = text[at];
    if (character === "\\") at++;
    else if (character === "{") depth++;
    else if (character === "}") depth--;
  }
  search.left -= last - start;
  return -1;
}
