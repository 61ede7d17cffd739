import * as z from "zod";
import { common, files, oneOrMore } from "./parts.ts";

export const importStep = z.strictObject({
  verb: z.literal("import").describe("Takes in texts or problems from files."),
  // How a file is read, and what the rows say of where they are from, follows from its name.
  from: oneOrMore(files("Files to take in: paths or patterns of JSONL, CSV, Markdown or plain text.", "data/seeds/*.jsonl", true)),
  kind: z
    .enum(["seeds", "problems"])
    .default("seeds")
    .describe("What the rows are: seeds, texts that problems are made from, or problems with their solutions."),
  chunk: z
    .int()
    .min(100)
    .optional()
    .describe("Characters at which texts are cut into seeds, at the ends of paragraphs.")
    .meta({ examples: [1000] }),
  license: z
    .string()
    .min(1)
    .optional()
    .describe("Licence of rows that name none.")
    .meta({ examples: ["CC-BY-4.0"] }),
  stage: z.string().min(1).optional().describe("Education stage of rows that name none."),
  ...common,
});
