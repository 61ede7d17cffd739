import * as z from "zod";
import { engineMembers } from "./engine.ts";

/** Request shards in, response shards out (design, section 3). */
export const SynthesizeSpec = z.strictObject({
  task: z.literal("synthesize"),
  requests: z.string().describe("Request shards: a file, a folder or a pattern of .jsonl or .jsonl.gz, relative to the spec's folder"),
  skip: z.string().optional().describe("Keys that are answered elsewhere and not asked, one { custom_id } a line"),
  ...engineMembers,
});
export type SynthesizeSpec = z.infer<typeof SynthesizeSpec>;
