import * as z from "zod";
import { DataSpec, LoraSpec, launch, ModelSpec } from "./common.ts";

const Score = z.enum(["whitened", "less", "cosine", "dot"]);

/**
 * How the reference model is warmed up. The published settings of LESS (princeton-nlp/LESS) for a 7B model: lora rank 128, alpha 512,
 * dropout 0.1, q k v o; share 0.05, epochs 4, batch_size 128, learning_rate 2e-5, linear with a warm-up of 0.03.
 */
const WarmupSpec = z.strictObject({
  share: z.number().gt(0).max(1).default(0.05).describe("Share of the candidates that is trained on; drawn by seed and content"),
  min_rows: z.int().min(1).default(200).describe("Never fewer rows than this, as long as there are any: the format must have been learnt"),
  data: z.array(DataSpec).min(1).optional().describe("Rows to train on in place of a share of the candidates"),
  epochs: z.int().min(1).default(4).describe("After each of them a checkpoint is kept"),
  batch_size: z.int().min(1).default(16).describe("Rows per step of the optimizer"),
  learning_rate: z.number().positive().default(2e-4),
  warmup: z.number().min(0).max(1).default(0.03).describe("Share of the steps in which the learning rate rises; then it falls linearly"),
});

const TestSpec = z.strictObject({
  path: z.string().describe("A file, a folder or a pattern of .jsonl, .jsonl.gz or .parquet files"),
  columns: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("Columns that make up the problem, joined by a space. Unless told: body and question, or problem, question or input"),
});

export const InfluenceSpec = z.strictObject({
  task: z.literal("influence"),
  model: ModelSpec.describe("The reference model, whose gradients are compared; the one that will be trained, or a smaller relative"),
  candidates: z.array(DataSpec).min(1).describe("What is scored, in solver form"),
  targets: z
    .record(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), z.array(DataSpec).min(1))
    .refine((targets) => Object.keys(targets).length > 0)
    .meta({ minProperties: 1 })
    .describe("Task → items that the trained model should do well on, written in the candidates' style; never items of a test"),
  target_items: z.int().min(1).optional().describe("At most so many items of each task, drawn by seed and content; all, unless told"),
  tests: z.array(TestSpec).default([]).describe("Test sets that no target item may overlap"),
  overlap: z
    .strictObject({
      words: z.int().min(5).default(13).describe("A run of so many words in common is an overlap, as is the whole problem; 10 is stricter"),
      action: z
        .enum(["refuse", "drop"])
        .default("refuse")
        .describe("refuse: stop and say which items; drop: leave those items out and list them in overlaps.jsonl"),
    })
    .prefault({}),
  score: Score.default("whitened").describe(
    "whitened: TRAK's estimator K_tc (K_cc + λI)⁻¹ over unit gradients. less: cosine of Adam's direction and the target's gradient. " +
      "cosine: of plain gradients. dot: TracIn's inner product",
  ),
  also: z.array(Score).default([]).describe("Further scores, which are written beside under `others` and decide nothing"),
  damping: z.number().positive().default(1).describe("Of whitened: λ = damping × mean diagonal of K_cc × candidates / 100"),
  normalize: z
    .enum(["rank", "none"])
    .default("rank")
    .describe("What is aggregated: ranks within each task, or the bare scores as LESS does"),
  aggregate: z
    .enum(["max", "mean", "quota"])
    .default("max")
    .describe("Over the tasks. quota: one task after the other takes its best candidate, by their shares"),
  shares: z.record(z.string(), z.number().positive()).optional().describe("Of quota: task → share; equal, unless told"),
  mode: z
    .enum(["relevance", "quality"])
    .default("relevance")
    .describe(
      "relevance: for targets unlike the pool; take the top. quality: for a dirty pool; rank of influence less rank of loss, of which the " +
        "lower part is to be rejected and the rest chosen from at random or for variety",
    ),
  reject: z.number().min(0).lt(1).default(0.5).describe("Of quality: the share that gets `rejected: true`"),
  lora: LoraSpec.prefault({}).describe("Of the warm-up; checkpoints bring their own"),
  warmup: WarmupSpec.prefault({}),
  checkpoints: z
    .array(
      z.strictObject({
        path: z.string().describe("A folder `epoch-<n>` that a warm-up or a training with checkpoints.optimizer: keep wrote"),
        learning_rate: z.number().positive().optional().describe("Its weight; unless told, the mean rate that the folder names"),
      }),
    )
    .min(1)
    .optional()
    .describe("In place of a warm-up. Name those of an earlier run, with its store, to add candidates or targets at little cost"),
  projection: z
    .strictObject({
      kind: z
        .enum(["count-sketch", "rademacher", "none"])
        .default("count-sketch")
        .describe("rademacher: the slow reference; none: whole gradients"),
      dim: z.int().min(16).default(8_192),
      seed: z.int().min(0).default(42),
    })
    .prefault({}),
  store: z
    .strictObject({
      path: z.string().optional().describe("Folder of the gradients, which later runs may share; `store` beside the results, unless told"),
      rows: z.int().min(1).default(1_024).describe("Rows of a shard: what a killed process loses at most"),
      precision: z.enum(["float16", "float32"]).default("float16").describe("Of the stored unit vectors; lengths are float32"),
    })
    .prefault({}),
  max_length: z.int().min(8).default(2_048).describe("Tokens. Longer candidates are filtered, counted and listed, never cut"),
  nearest: z.int().min(0).default(3).describe("Target items that are named per candidate and task"),
  tokens: z
    .int()
    .min(0)
    .default(0)
    .describe("For so many of the best candidates, what each completion token adds to the score (tokens.jsonl)"),
  output: z.enum(["auto", "jsonl", "parquet"]).default("auto").describe("auto: jsonl up to 100,000 rows"),
  batch_tokens: z
    .int()
    .min(1)
    .default(4_096)
    .describe("Tokens of a batch, padding included. Changes the last digits of sums only; with 1, every row is alone and nothing changes"),
  seed: z.int().min(0).default(42).describe("Of the adapter's first weights, the draw of rows, and dropout"),
  launch,
});
export type InfluenceSpec = z.infer<typeof InfluenceSpec>;
