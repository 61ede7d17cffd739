import * as z from "zod";
import { engineMembers } from "#protocol/files/specs/engine.ts";
import { free, type Kind, oneOrList, withRole } from "../roles.ts";
import { NAME } from "../schema.ts";

/** Parts that several verbs share. Descriptions are what the editor shows beside a setting. */

const text = z.string().min(1);

const { engine, context, replicas, batch_size, vllm, launch } = engineMembers;

/** What answers requests on the step's host; only the engine and its context decide what comes out. */
export const engineArguments = {
  engine,
  context,
  replicas: free(replicas),
  batch_size: free(batch_size),
  vllm: free(vllm),
  launch: free(launch),
};

/** A path or pattern of which the content counts, and what the files are called where `names` says so. */
export const files = (description: string, example: string, names?: true | string) =>
  withRole(text.meta({ description, examples: [example] }), { is: "files", ...(names === undefined ? {} : { names }) });

/** A step's result, or what may stand in its place. */
export const input = (kinds: readonly Kind[], description: string, example: string) =>
  withRole(text.meta({ description, examples: [example] }), { is: "input", kinds });

export const oneOrMore = <T extends z.ZodType>(one: T) => oneOrList(z.union([one, z.array(one).min(1)]));

export const where = withRole(
  text.meta({
    description:
      "Only rows for which this holds: verdicts and columns, such as accepted, label=keep or verdict.copy=pass tokens<800. All of several conditions must hold.",
    examples: ["accepted"],
  }),
  { is: "where" },
);

export const limit = z.int().positive().optional().describe("Only the first so many rows.");

const ROWS = "Rows of a step as steps.NAME, or a path or pattern of .jsonl, .jsonl.gz or .parquet files.";

/** Rows: a step or files, or a group that takes only some of them. */
export const rows = z.union([
  input(["rows"], ROWS, "steps.taught"),
  z.strictObject({
    from: input(["rows"], ROWS, "steps.taught"),
    where: where.optional(),
    limit,
    columns: z.record(z.string(), z.string()).optional().describe("Our name of a column → its name in the file."),
  }),
]);

/** Test items, which nothing may be trained on. */
export const tests = oneOrMore(files("Test files: paths or patterns.", "data/tests/*.jsonl"));

const MODEL = "A trained model as steps.NAME, a folder, a .gguf file, or an id on the Hugging Face hub.";

export const model = z.union([
  input(["model"], MODEL, "steps.writer"),
  z.strictObject({
    from: input(["model"], MODEL, "deepseek-ai/deepseek-math-7b-rl"),
    revision: text.optional().describe("Branch, tag or commit on the hub."),
    dtype: z.enum(["auto", "float32", "bfloat16", "float16"]).optional().describe("Without it bfloat16 on a GPU and float32 on a CPU."),
    attention: z.enum(["auto", "eager", "sdpa", "flash_attention_2"]).optional().describe("How attention is computed."),
  }),
]);

/** What every step may say beside its arguments. */
export const common = {
  host: withRole(
    free(
      z
        .string()
        .regex(NAME)
        .describe("Where it runs: a name under “hosts”. Without it on this machine.")
        .meta({ examples: ["here"] }),
    ),
    { is: "host" },
  ).optional(),
  frozen: free(z.boolean().optional().describe("Keep the result that is there, even where something it was made of has changed.")),
};
