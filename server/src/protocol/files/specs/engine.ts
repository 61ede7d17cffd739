import * as z from "zod";
import { launch, ModelSpec } from "./common.ts";

const VllmSpec = z.strictObject({
  tensor_parallel: z.int().min(1).default(1).describe("GPUs that share one copy of the model"),
  memory_share: z.number().positive().max(1).default(0.9).describe("Share of each GPU's memory that vLLM takes"),
  max_sequences: z.int().min(1).default(256).describe("Answers that are written at once"),
  in_flight: z.int().min(1).default(1024).describe("Requests that are given to vLLM ahead"),
});

/** What answers requests: members that synthesize and evaluate share. */
export const engineMembers = {
  engine: z
    .enum(["vllm", "server", "transformers"])
    .default("vllm")
    .describe("vllm: offline, on GPUs; server: any OpenAI-compatible one; transformers: the stand-in for a CPU or a small model"),
  model: ModelSpec.optional().describe("What vllm or transformers load; a server has its own"),
  replicas: z.int().min(1).optional().describe("Copies of the model, each on its own GPUs; as many as there is room for unless told"),
  batch_size: z.int().min(1).default(16).describe("Requests that transformers answers at once"),
  context: z.int().min(1).optional().describe("Tokens of prompt and answer together; the model's own limit unless told"),
  vllm: VllmSpec.prefault({}),
  base_url: z.string().optional().describe("Address of the server, with or without /v1"),
  api_key_env: z.string().optional().describe("Name of the environment variable with the server's key; the key itself is in no file"),
  concurrency: z.int().min(1).default(32).describe("Requests in flight at the server"),
  retries: z.int().min(0).default(6).describe("Further tries of a request that the server failed to answer; rate limits do not count"),
  stall_seconds: z.number().positive().default(600).describe("Seconds without a byte after which a request counts as failed"),
  launch,
};
