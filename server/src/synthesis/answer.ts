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

const PHRASE = /(?:\banswer(?: (?:to|of) (?:the|this) (?:problem|question))?(?:\*\*)?[ \t]*(?:is|are|:|=)|^[ \t]*####(?!#))[ \t]*/gim;

/** What stands behind the last "The answer is …", "Answer: …" or "#### …", without its closing stop and dollar signs; or null. */
export function lastPhrase(text: string): string | null {
  let answer: string | null = null;
  for (const match of text.matchAll(PHRASE)) {
    const rest = text.slice(match.index + match[0].length, match.index + match[0].length + 400);
    const found = cleanAnswer(endOfSentence(rest.replace(/^[\s:*]+/, "")));
    if (found !== "") answer = found;
  }
  return answer;
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
  const wrapped = /^(?:\$\$?([^$]*)\$\$?|\\\(([^\\]*)\\\))$/.exec(answer);
  if (wrapped !== null) answer = (wrapped[1] ?? wrapped[2] ?? "").trim();
  return answer.replace(/[\s.,;:]+$/, "");
}
