import { createHash } from "node:crypto";
import type { ModelOptions } from "../prompty/model.ts";

/** What a run chooses over its templates; what is absent is the template's, then the default. */
export interface Sampling {
  temperature?: number | undefined;
  topP?: number | undefined;
  maxTokens?: number | undefined;
  /** Base of the seeds of all samples. */
  seed?: number | undefined;
  stop?: string[] | undefined;
  presencePenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
}

/** The API's own defaults, sent all the same so that no server's other default enters; the length is the paper's 2,048. */
export const SAMPLING_DEFAULTS = { temperature: 1, topP: 1, maxTokens: 2048, seed: 0, presencePenalty: 0, frequencyPenalty: 0 } as const;

/**
 * Every sampling option of one request. The only one that may be absent is `stop`: in the API none and absent are the
 * same, and some servers refuse an empty one.
 */
export function samplingOptions(own: ModelOptions, chosen: Sampling, sample: number): ModelOptions {
  const stop = chosen.stop ?? own.stopSequences ?? [];
  return {
    temperature: chosen.temperature ?? own.temperature ?? SAMPLING_DEFAULTS.temperature,
    topP: chosen.topP ?? own.topP ?? SAMPLING_DEFAULTS.topP,
    maxOutputTokens: chosen.maxTokens ?? own.maxOutputTokens ?? SAMPLING_DEFAULTS.maxTokens,
    presencePenalty: chosen.presencePenalty ?? own.presencePenalty ?? SAMPLING_DEFAULTS.presencePenalty,
    frequencyPenalty: chosen.frequencyPenalty ?? own.frequencyPenalty ?? SAMPLING_DEFAULTS.frequencyPenalty,
    seed: sampleSeed(chosen.seed ?? own.seed ?? SAMPLING_DEFAULTS.seed, sample),
    ...(stop.length === 0 ? {} : { stopSequences: stop }),
  };
}

/**
 * The seed of a sample: the base itself for sample 0, so that a request shows the seed that was asked for; for every
 * further sample the first 31 bits of sha256("base:sample"), which fit every server's integer.
 */
export function sampleSeed(base: number, sample: number): number {
  if (sample === 0) return base;
  return createHash("sha256").update(`${base}:${sample}`).digest().readUInt32BE(0) >>> 1;
}
