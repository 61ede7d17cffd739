import type { ParseRule } from "#protocol/template.ts";
import { splitProgram } from "./program.ts";

/**
 * The final answer in a solution, as the rule says where it stands, or null. For `program` it is what the conclusion
 * behind the program claims: the output block is the model's own guess until the program has run, and nothing runs here.
 */
export function findAnswer(solution: string, where: ParseRule["answer"]): string | null {
  switch (where) {
    case "boxed":
      return lastBoxed(solution);
    case "phrase":
      return lastPhrase(solution);
    case "any":
      return lastBoxed(solution) ?? lastPhrase(solution);
    case "program": {
      const { conclusion } = splitProgram(solution);
      return lastBoxed(conclusion) ?? lastPhrase(conclusion);
    }
  }
}

/** Content of the last `\boxed{…}` whose braces balance (`\{` and `\}` do not count), or null. One pass, any input. */
export function lastBoxed(text: string): string | null {
  const open: { content: number; boxed: boolean }[] = [];
  let best: { start: number; end: number } | null = null;
  const marks = /[\\{}]/g;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    const at = mark.index;
    if (mark[0] === "\\") {
      const command = /^\\(?:boxed|fbox|framebox)[ \t]*\{/.exec(text.slice(at, at + 16));
      const length = command?.[0].length ?? 2;
      marks.lastIndex = at + length;
      if (command !== null) open.push({ content: at + length, boxed: true });
    } else if (mark[0] === "{") {
      open.push({ content: at + 1, boxed: false });
    } else {
      const group = open.pop();
      if (group?.boxed && text.slice(group.content, at).trim() !== "" && (best === null || group.content > best.start))
        best = { start: group.content, end: at };
    }
  }
  return best === null ? null : text.slice(best.start, best.end).trim();
}

const PHRASE = /\banswer(?: (?:to|of) (?:the|this) (?:problem|question))?(?:\*\*)?[ \t]*(?:is|are|:|=)[ \t]*/gim;

/**
 * What stands behind `####` in the last line (GSM8K's form), else behind the last "The answer is …" or "Answer: …", without its
 * closing stop and dollar signs; or null.
 */
export function lastPhrase(text: string): string | null {
  const marked = markedAnswer(text);
  if (marked !== null) return marked;
  let answer: string | null = null;
  for (const match of text.matchAll(PHRASE)) {
    const from = match.index + match[0].length;
    const rest = text.slice(from, from + 400);
    const gap = /^[\s:*]+/.exec(rest)?.[0] ?? "";
    const said = rest.slice(gap.length);
    if (gap.includes("\n") && OTHER_BLOCK.test(rest.slice(gap.lastIndexOf("\n") + 1))) continue;
    const sentence = endOfSentence(said);
    // A line that ends with a colon leads up to something else.
    if (/:[\s*]*$/.test(sentence)) continue;
    const found = cleanAnswer(sentence);
    if (found !== "") answer = found;
  }
  return answer;
}

/** A heading, an item of a list, a row of a table, a fence or a rule in Markdown: no continuation of the sentence before it. */
const OTHER_BLOCK = /^[ \t]*(?:#{1,6}(?:\s|$)|[-*+•]\s|\d+[.)]\s|\||```|~~~|(?:-{3,}|_{3,}|\*{3,})[ \t]*(?:\n|$))/;

/** The answer of a last line `#### 72`. In Markdown the same mark opens a heading, so only what looks like a value counts. */
function markedAnswer(text: string): string | null {
  const trimmed = text.trimEnd();
  const line = trimmed.slice(Math.max(trimmed.lastIndexOf("\n"), trimmed.lastIndexOf("\r")) + 1);
  const said = /^[ \t]*####(?!#)(.*)$/.exec(line)?.[1];
  if (said === undefined) return null;
  const answer = cleanAnswer(said);
  return looksLikeValue(answer) ? answer : null;
}

/** A number with at most three words of unit, a symbol or an expression: short, not numbered as a heading is, and no sentence. */
function looksLikeValue(text: string): boolean {
  if (text === "" || text.length > 80 || /^\d+[.)]\s|[.!?]\s/.test(text)) return false;
  const plain = text.replace(/\\(?:text|mathrm|mathbf|operatorname)\s*\{[^{}]*\}|\\[A-Za-z]+/g, "0");
  const words = plain.match(/\p{L}{2,}/gu) ?? [];
  if (words.length === 0) return /[\p{L}\p{N}∞∅]/u.test(plain);
  return words.length <= 3 && /\d/.test(plain) && !/^\W*\p{L}{2,}(?!\s*=)/u.test(plain);
}

/** Up to the end of the sentence or line; a formula between dollar signs or `\[ … \]` is taken whole. */
function endOfSentence(text: string): string {
  const formula = /^(?:\$\$([^$]+)\$\$|\$([^$\n]+)\$|\\\[([\s\S]*?)\\\]|\\\(([\s\S]*?)\\\))(?=[\s.,;:!*]|$)/.exec(text);
  if (formula !== null && /^[\s.,;:!*]*(?:\n|$)/.test(text.slice(formula[0].length, formula[0].length + 8)))
    return formula[1] ?? formula[2] ?? formula[3] ?? formula[4] ?? "";
  const end = /[.!?](?=[\s*]|$)|\n/.exec(text);
  return end === null ? text : text.slice(0, end.index);
}

function cleanAnswer(text: string): string {
  let answer = text
    .trim()
    .replace(/^\*+|\*+$/g, "")
    .trim();
  // Emphasis opens behind and closes before a space; a power in a program does neither.
  answer = answer.replace(/(^|\s)\*\*(?=\S)|(?<=\S)\*\*(?=[\s.,;:]|$)/g, "$1").trim();
  const wrapped = /^(?:\$\$?([^$]*)\$\$?|\\\(([^\\]*)\\\))$/.exec(answer);
  if (wrapped !== null) answer = (wrapped[1] ?? wrapped[2] ?? "").trim();
  return answer.replace(/[\s.,;:]+$/, "");
}
