import { z } from "zod";

/**
 * The endpoints part of `jiuzhang.yaml`. An endpoint has one of two forms; which one is meant is decided before validation, by `embedded`, so that a
 * message speaks of the form that the person wrote.
 */

/** Names are typed on the command line (`--endpoint NAME`), so they need no quoting in any shell. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const text = z.string().min(1);
const money = z.number().nonnegative();
const perMinute = z.int().positive();

const price = z
  .strictObject({
    prompt: money.describe("Money per million prompt tokens."),
    completion: money.describe("Money per million completion tokens."),
    cached: money.optional().describe("Money per million prompt tokens that the provider served from its cache."),
  })
  .describe("Money per million tokens, in one currency of your choice.");

const limits = z
  .strictObject({
    rpm: perMinute.optional().describe("Requests per minute."),
    tpm: perMinute.optional().describe("Tokens per minute, prompt and completion together."),
  })
  .describe("What the provider allows; requests are paced to stay below it.");

const secretKey = z.strictObject({
  secret: z.string().regex(NAME).describe("The name of a secret, not the secret itself."),
});

const environmentKey = z.strictObject({
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .describe("The name of the environment variable that holds the key."),
});

const common = {
  model: text.describe("The model's name, as the endpoint knows it."),
  limits: limits.optional(),
};

/** The embedded model: our own server process beside the program. */
export const embeddedEndpoint = z.strictObject({
  embedded: z.literal(true).describe("Serve a small model from this machine."),
  ...common,
  model: common.model.optional(),
  model_file: text.optional().describe("A GGUF file, or an hf: address of one; without it the default model is used."),
  adapter_file: text.optional().describe("A LoRA adapter for the model, as a GGUF file, such as a training of one writes."),
  threads: z.int().positive().max(1024).optional().describe("Processor threads; without it the engine chooses."),
});

/** Any OpenAI-compatible server. */
export const servedEndpoint = z.strictObject({
  embedded: z.literal(false).optional(),
  base_url: z
    .string()
    .regex(/^https?:\/\/[^\s/?#@]+(?:[/?#]\S*)?$/i)
    .describe("Where the OpenAI-compatible API is served, for example http://127.0.0.1:8000/v1."),
  ...common,
  provider: z
    .string()
    .regex(/^[^\s/@]+$/)
    .optional()
    .describe("Who serves the model. Part of the model's identity: the same model name at another provider is another model."),
  revision: text.optional().describe("Which state of the model. Change it when the model under this name changes."),
  api_key: z.union([secretKey, environmentKey]).optional().describe("Where the key is found. The key itself never stands in this file."),
  price: price.optional(),
  max_tokens_field: z
    .enum(["auto", "max_tokens", "max_completion_tokens"])
    .optional()
    .describe("Which member carries the length limit; auto learns it from the endpoint."),
});

export type EmbeddedEndpoint = z.infer<typeof embeddedEndpoint>;
export type ServedEndpoint = z.infer<typeof servedEndpoint>;
