import * as z from "zod";
import { common, oneOrMore, rows } from "./parts.ts";

export const exportStep = z.strictObject({
  verb: z.literal("export").describe("Writes rows to a file of yours."),
  data: oneOrMore(rows).describe("Rows to be written."),
  to: z
    .string()
    .min(1)
    .describe("The file that is written, which appears whole or not at all.")
    .meta({ examples: ["out/corpus.jsonl"] }),
  ...common,
});
