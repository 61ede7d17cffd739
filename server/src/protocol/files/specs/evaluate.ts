import * as z from "zod";
import { engineMembers } from "./engine.ts";

const TestSpec = z.strictObject({
  path: z.string().describe("A file of GSM8K, MATH, MATH-500, SVAMP, ASDiv or MAWPS, or of rows with a problem and an answer"),
  name: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional()
    .describe("How results name it; the file's name unless told"),
  columns: z
    .strictObject({
      problem: z.string().optional(),
      answer: z.string().optional(),
      solution: z.string().optional(),
      id: z.string().optional(),
    })
    .optional()
    .describe("Our name of a column → its name in the file, for sets of your own"),
  limit: z.int().min(1).optional().describe("Only the first so many items"),
});

const ShotsSpec = z.strictObject({
  path: z.string().describe("Rows with problem and solution; never a test file"),
  count: z.int().min(1).default(4).describe("The first so many rows stand before every problem"),
  columns: z.record(z.string(), z.string()).optional().describe("Our name of a column → its name in the file"),
});

const SamplingSpec = z.strictObject({
  samples: z.int().min(1).default(1).describe("Answers per item; more than one needs a temperature"),
  temperature: z.number().min(0).max(100).default(0).describe("0: greedy"),
  top_p: z.number().positive().max(1).default(1),
  max_tokens: z.int().min(1).default(1024),
  stop: z
    .array(z.string().min(1))
    .default(["\n## Question"])
    .describe("Texts that end an answer: a base model goes on with the next problem"),
  seed: z.int().min(0).default(0).describe("Base of the seeds of all answers"),
});

const GradingSpec = z.strictObject({
  k: z.array(z.int().min(1)).optional().describe("Which k to report pass@k and maj@k for, each at most samples; 1 and samples unless told"),
  tolerance: z
    .number()
    .min(0)
    .default(1e-4)
    .describe("Relative difference up to which two numbers count as equal; two whole ones must be the same"),
  symbolic: z.boolean().default(true).describe("Compare with math-verify what neither as text nor as numbers is equal"),
  timeout_seconds: z.number().positive().default(10).describe("After so long a comparison is killed and counts as wrong"),
  resamples: z.int().min(100).default(2_000).describe("Bootstrap samples of the confidence interval"),
  confidence: z.number().positive().lt(1).default(0.95),
  seed: z.int().min(0).default(0),
});

/** Chain of thought on test sets: generation, then grading, each resumable by itself. */
export const EvaluateSpec = z.strictObject({
  task: z.literal("evaluate"),
  tests: z.array(TestSpec).min(1),
  shots: ShotsSpec.optional(),
  prompt: z
    .enum(["solver", "chat"])
    .default("solver")
    .describe(
      "solver: the strings of training, for models of this project and base models; chat: a message, for models with a chat template",
    ),
  instruction: z
    .string()
    .default("Solve the problem step by step. End with “The answer is …”.")
    .describe("What a chat message says before the problem"),
  sampling: SamplingSpec.prefault({}),
  grading: GradingSpec.prefault({}).describe("May change in a folder that is finished: then nothing but grading is done again"),
  generations: z.string().optional().describe("A generations.jsonl of another run: graded again, nothing is generated"),
  served_model: z.string().default("model").describe("The name by which the server knows the model"),
  workers: z.int().min(1).default(2).describe("Processes that compare answers"),
  ...engineMembers,
});
export type EvaluateSpec = z.infer<typeof EvaluateSpec>;
