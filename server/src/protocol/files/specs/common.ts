import * as z from "zod";

/** Parts that the specs of several worker tasks share. Every setting has its default here, so that a manifest says all of them. */

export const ModelSpec = z.strictObject({
  path: z.string().optional().describe("A folder in the layout of Hugging Face or a .gguf file, relative to the spec's folder"),
  hub: z.string().optional().describe("A model of the hub; nothing is fetched unless this is given"),
  revision: z.string().optional().describe("Branch, tag or commit on the hub; the manifest has the commit"),
  adapter: z.string().optional().describe("A folder with a LoRA adapter that is merged into the model"),
  dtype: z.enum(["auto", "float32", "bfloat16", "float16"]).default("auto").describe("auto: bfloat16 on a GPU, float32 on a CPU"),
  attention: z.enum(["auto", "eager", "sdpa", "flash_attention_2"]).default("auto"),
});

export const DataSpec = z.strictObject({
  path: z.string().describe("A file, a folder or a pattern of .jsonl, .jsonl.gz or .parquet files, relative to the spec's folder"),
  form: z
    .enum(["solver", "writer", "text"])
    .default("solver")
    .describe("solver: problem → solution; writer: messages or prompt → completion; text: documents, all of which is learnt"),
  columns: z.record(z.string(), z.string()).optional().describe("Our name of a column → its name in the file"),
  limit: z.int().min(1).optional().describe("Only the first so many rows"),
});

export const LoraSpec = z.strictObject({
  rank: z.int().min(1).default(16),
  alpha: z.number().positive().default(32),
  dropout: z.number().min(0).max(1).default(0),
  targets: z
    .array(z.string())
    .min(1)
    .default(["q_proj", "k_proj", "v_proj", "o_proj"])
    .describe('Names of the linears that are adapted, or ["all-linear"]'),
  layers: z.string().default("all").describe("all, or last:N"),
});

/** Where and on how much it runs. Nothing here changes a result, so a run may go on with another. */
export const LaunchSpec = z.strictObject({
  device: z.enum(["auto", "cpu", "cuda"]).default("auto"),
  processes: z.int().min(1).default(1).describe("Processes on this node: one per GPU"),
  nodes: z.int().min(1).default(1),
  node_rank: z.int().min(0).default(0),
  main_address: z.string().optional().describe("host:port of the first node"),
  threads: z.int().min(1).optional().describe("CPU threads of each process"),
});

export const launch = LaunchSpec.prefault({});
