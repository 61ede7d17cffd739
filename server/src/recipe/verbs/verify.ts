import * as z from "zod";
import { CHECKS } from "#protocol/corpus.ts";
import { common, oneOrMore, rows, tests } from "./parts.ts";

/** The checks that `accept` may name: those of every row, and the overlap with test items, which needs tests. */
export const ACCEPT_CHECKS = [...CHECKS, "overlap"] as const;

const verdict = z.enum(["pass", "fail", "unknown"]);

export const verifyStep = z.strictObject({
  verb: z.literal("verify").describe("Checks every row: form, answer, copy of its seed, duplicates, overlap with tests."),
  data: oneOrMore(rows).describe("Rows to be checked."),
  tests: tests.optional(),
  accept: z
    .union([z.array(z.enum(ACCEPT_CHECKS)), z.partialRecord(z.enum(ACCEPT_CHECKS), oneOrMore(verdict))])
    .optional()
    .describe(
      "What makes a row accepted: checks that it must pass, or for each check the verdicts that are good enough. Without it every check must be passed.",
    )
    .meta({ examples: [["parse", "answer", "overlap"]] }),
  ...common,
});
