import { formatProblem, type Problem } from "#protocol/errors.ts";

/** A problem in words. Where the index lies helps nobody; which file of the user's is wrong does. */
export function problemWords({ code, where, ...words }: Problem): string {
  return formatProblem(code.startsWith("index/") || where === undefined ? words : { ...words, where });
}
