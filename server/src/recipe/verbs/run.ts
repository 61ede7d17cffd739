import * as z from "zod";
import { KINDS } from "../roles.ts";
import { common, input, oneOrMore } from "./parts.ts";

const anything = input(KINDS, "Results of other steps as steps.NAME, or paths and patterns of files.", "steps.corpus");

export const runStep = z.strictObject({
  verb: z.literal("run").describe("Runs a command of yours."),
  // A list of one word is not the same as that word for a shell.
  command: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe("The command: one line for a shell, or a list of words.")
    .meta({ examples: ["python filter.py"] }),
  inputs: z
    .union([...oneOrMore(anything).options, z.record(z.string(), anything)])
    .optional()
    .describe("Everything that it reads. A change of it makes the step stale."),
  outputs: oneOrMore(z.string().min(1))
    .optional()
    .describe("Files or folders that it writes, relative to its folder.")
    .meta({ examples: ["out.jsonl"] }),
  gives: z.enum(KINDS).optional().describe("What its outputs are, for the steps that use them. Without it they fit everywhere."),
  ...common,
});
