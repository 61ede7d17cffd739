import type { ParseRule } from "#protocol/template.ts";
import { findHeadings, type Heading, nextHeading } from "./headings.ts";

export interface Pair {
  problem: string;
  solution: string;
  /** The solution runs to the end of the text, so a cut through the text is a cut through it. */
  open: boolean;
  /** A field of its own, where the form has one. */
  answer?: string | null;
}

export interface Missing {
  missing: "problem" | "solution";
}

/**
 * Problems and solutions under their headings. Text before the first heading is passed over. A further problem begins at
 * a heading of the same style as the first one's, so that "**Problem:**" inside a solution does not cut it.
 */
export function sectionPairs(rule: ParseRule, text: string): Pair[] | Missing {
  const all = findHeadings(text, rule.problem);
  const first = all.find((heading) => heading.level > 0) ?? all[0];
  if (first === undefined) return { missing: "problem" };
  const problems = all.filter((heading) => heading.style === first.style && heading.start >= first.start);
  const solutions = findHeadings(text, rule.solution);
  const pairs = problems.flatMap((heading, k) => {
    const end = problems[k + 1]?.start ?? text.length;
    const solution = preferred(solutions.filter((candidate) => candidate.start >= heading.end && candidate.start < end));
    if (solution === undefined) return [];
    const pair: Pair = {
      problem: text.slice(heading.end, solution.start).trim(),
      solution: text.slice(solution.end, end).trim(),
      open: end === text.length,
    };
    return [pair];
  });
  return pairs.length > 0 ? pairs : { missing: "solution" };
}

/**
 * The one problem that a completion writes after a prompt that ends with the problem's heading. A model that completes
 * goes on with the next example, so the solution ends at the next heading of its own level.
 */
export function continuedPair(rule: ParseRule, text: string): Pair[] | Missing {
  const problemHeadings = findHeadings(text, rule.problem);
  const repeated = problemHeadings.find((heading) => text.slice(0, heading.start).trim() === "");
  const start = repeated?.end ?? 0;
  const solution = preferred(findHeadings(text, rule.solution).filter((heading) => heading.start >= start));
  const next = problemHeadings.find((heading) => heading.start >= start);
  if (solution === undefined || (next !== undefined && next.start < solution.start)) return { missing: "solution" };
  const ends = [
    solution.level > 0 ? nextHeading(text, solution.end, solution.level) : -1,
    problemHeadings.find((heading) => heading.start >= solution.end && heading.style === solution.style)?.start ?? -1,
  ].filter((end) => end >= 0);
  const end = Math.min(text.length, ...ends);
  return [{ problem: text.slice(start, solution.start).trim(), solution: text.slice(solution.end, end).trim(), open: end === text.length }];
}

/** A `#` heading speaks before a bold or plain line, which may be part of the problem. */
function preferred(headings: Heading[]): Heading | undefined {
  return headings.find((heading) => heading.level > 0) ?? headings[0];
}
