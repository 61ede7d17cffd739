import * as z from "zod";
import { DataSpec, launch, ModelSpec } from "./common.ts";

const amount = "Say one of k, share and tokens; with threshold none is needed";

/** Scores of any origin: ids with numbers. */
export const ScoresSpec = z.strictObject({
  path: z.string().describe("A file, a folder or a pattern of .jsonl, .jsonl.gz or .parquet files with one row per candidate"),
  id: z.string().default("id").describe("Column with the candidate's id"),
  score: z
    .string()
    .default("final")
    .describe("Column that `by: score` and `by: quality` order by; a dot reaches inside, as in tasks.gsm8k.score"),
  loss: z.string().default("loss").describe("Column with the loss, for `by: loss` and `by: quality`"),
  missing: z
    .enum(["reject", "refuse"])
    .default("reject")
    .describe("A candidate without a finite score: reject it and count it, or refuse to select at all"),
});

/** How much of the selection each group of rows gets. */
export const QuotaSpec = z.strictObject({
  column: z.string().describe("Column that groups the rows: source, stage, format, …"),
  shares: z
    .union([z.enum(["equal", "proportional"]), z.record(z.string(), z.number().min(0).max(1))])
    .optional()
    .describe("equal; proportional to the candidates; or group → share. What is left belongs to all groups that are not named"),
  counts: z
    .record(z.string(), z.int().min(0))
    .optional()
    .describe("Group → rows (tokens, where the budget is in tokens), instead of shares"),
  rest: z
    .enum(["others", "leave"])
    .default("others")
    .describe("What a group cannot fill: give it to the best of the others, or keep fewer rows"),
});

/** A choice that does not take the same twice. */
export const DiversitySpec = z.strictObject({
  method: z
    .enum(["none", "mmr", "facility"])
    .default("none")
    .describe("mmr: relevance less the greatest similarity to what is chosen; facility: relevance and how well the chosen stand for all"),
  weight: z.number().min(0).max(1).default(0.5).describe("Weight of the order by `by`; the rest is that of diversity"),
  pool: z.number().min(1).optional().describe("Only the best so many times the wanted number of rows are considered; all, unless told"),
  vectors: z.string().optional().describe("A file with id and a list of numbers per candidate; hashed n-grams of its text, unless told"),
  column: z.string().default("embedding").describe("Column of that file with the list"),
  dimensions: z.int().min(16).max(65_536).default(1_024).describe("Buckets that n-grams are hashed into"),
});

export const SelectSpec = z.strictObject({
  task: z.literal("select"),
  candidates: z.array(DataSpec).min(1),
  scores: ScoresSpec.optional(),
  by: z
    .enum(["score", "quality", "random", "length", "loss", "embedding"])
    .default("score")
    .describe(
      "score: a column of the scores. quality: the worst by rank of score less rank of loss (or those that the scores mark as `rejected`, " +
        "as influence does in its quality mode) are rejected, and the rest is drawn at random " +
        "or by diversity. random: by a hash of seed and id. length: of the solution. loss: of the scores. embedding: similarity to targets",
    ),
  direction: z.enum(["auto", "high", "low"]).default("auto").describe("Which end is kept; auto: high, and low for loss"),
  k: z.int().min(1).optional().describe(`Rows to keep. ${amount}`),
  share: z.number().gt(0).max(1).optional().describe(`Share of the candidates to keep. ${amount}`),
  tokens: z.int().min(1).optional().describe(`Tokens to keep. ${amount}`),
  threshold: z.number().optional().describe("Keep nothing on the wrong side of this value; one that equals it is kept"),
  overshoot: z
    .enum(["nearest", "under", "over"])
    .default("nearest")
    .describe(
      "The row that would pass the token budget ends the selection. nearest: it is kept where that comes nearer to the budget; " +
        "under: it is not; over: it is",
    ),
  quotas: z.array(QuotaSpec).default([]).describe("Several hold at once: a row needs room in each of its groups"),
  quality: z
    .strictObject({
      reject: z
        .number()
        .min(0)
        .lt(1)
        .default(0.5)
        .describe("Share of the candidates that `by: quality` rejects, unless the scores have a column `rejected`"),
    })
    .prefault({}),
  diversity: DiversitySpec.prefault({}),
  targets: z.array(DataSpec).default([]).describe("What `by: embedding` compares with"),
  match: z.enum(["mean", "max"]).default("mean").describe("Similarity to the targets: their mean, or the nearest one"),
  model: ModelSpec.optional().describe(
    "Counts tokens and, for `by: embedding`, gives mean-pooled hidden states; without it, hashed n-grams",
  ),
  max_length: z.int().min(1).default(2_048).describe("Tokens of an example that embeddings are made of"),
  batch_tokens: z.int().min(1).default(8_192).describe("Tokens of a batch where embeddings are made"),
  seed: z.int().min(0).default(0),
  launch,
});
