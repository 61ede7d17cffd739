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
export function samplingOptions(own: ModelOptions, chosen: Sampling, sample: number, text: string | null): ModelOptions {
  const stop = chosen.stop ?? own.stopSequences ?? [];
  return {
    temperature: chosen.temperature ?? own.temperature ?? SAMPLING_DEFAULTS.temperature,
    topP: chosen.topP ?? own.topP ?? SAMPLING_DEFAULTS.topP,
    maxOutputTokens: chosen.maxTokens ?? own.maxOutputTokens ?? SAMPLING_DEFAULTS.maxTokens,
    presencePenalty: chosen.presencePenalty ?? own.presencePenalty ?? SAMPLING_DEFAULTS.presencePenalty,
    frequencyPenalty: chosen.frequencyPenalty ?? own.frequencyPenalty ?? SAMPLING_DEFAULTS.frequencyPenalty,
    seed: sampleSeed(chosen.seed ?? own.seed ?? SAMPLING_DEFAULTS.seed, sample, text),
    ...(stop.length === 0 ? {} : { stopSequences: stop }),
  };
}

/**
 * The sampling seed of one request: the first 31 bits of sha256 over base, sample and seed text, which fit every server's integer.
 * One number for a whole run would give all of its rows the same random draws, and so the same names and openings. The text
 * stands for the seed row, because the same text asked for another dataset is the same request.
 */
export function sampleSeed(base: number, sample: number, text: string | null): number {
  return (
    createHash("sha256")
      .update(JSON.stringify([base, sample, text]))
      .digest()
      .readUInt32BE(0) >>> 1
  );
}
