import { splitMath } from "../../shared/math-split.ts";

/** Characters of a row that can be seen in three lines of a wide window. */
const SEEN_CHARACTERS = 450;

/** A formula that is longer than this is not set in a list: most of it could not be seen. */
const FORMULA_CHARACTERS = 400;

/**
 * The beginning of a text as one line, no longer than a row of the list can show, and cut outside of formulas. Marks of headings and
 * emphasis go, as do line breaks: three lines are too few for a layout.
 */
export function excerpt(text: string): string {
  let line = "";
  for (const part of splitMath(text.slice(0, SEEN_CHARACTERS + FORMULA_CHARACTERS))) {
    if (line.length >= SEEN_CHARACTERS) break;
    if (part.kind === "math") line += inline(part);
    else line += plain(part.source).slice(0, SEEN_CHARACTERS - line.length);
  }
  return line.trim();
}

/** A display formula stands in the line like any other. */
function inline(part: { source: string; tex: string; display: boolean }): string {
  if (part.source.length > FORMULA_CHARACTERS) return part.source.replace(/\s+/g, " ");
  if (!part.display || part.tex.includes("\\begin")) return part.source;
  return `\\(${part.tex.trim()}\\)`;
}

const plain = (text: string): string =>
  text
    .replace(/^[ \t]*#{1,6}[ \t]+/gm, "")
    .replace(/\*\*/g, "")
    .replace(/\s+/g, " ");
