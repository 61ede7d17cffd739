import type { Usage } from "#protocol/corpus.ts";

type Json = Record<string, unknown>;

/**
 * The tokens that an answer says it took, or null where it does not say. Cached and reasoning tokens are parts of the prompt and the
 * completion (OpenAI's `*_tokens_details`); DeepSeek tells cache hits in a member of its own.
 */
export function readUsage(body: Json): Usage | null {
  const usage = object(body.usage);
  if (usage === null) return null;
  const total = count(usage.total_tokens);
  const prompt = count(usage.prompt_tokens) ?? 0;
  const completion = count(usage.completion_tokens) ?? Math.max(0, (total ?? prompt) - prompt);
  if (usage.prompt_tokens === undefined && usage.completion_tokens === undefined && total === null) return null;
  const cached = count(object(usage.prompt_tokens_details)?.cached_tokens) ?? count(usage.prompt_cache_hit_tokens) ?? 0;
  const reasoning = count(object(usage.completion_tokens_details)?.reasoning_tokens) ?? 0;
  return { prompt, completion, cached: Math.min(cached, prompt), reasoning };
}

const object = (value: unknown): Json | null => (typeof value === "object" && value !== null ? (value as Json) : null);
const count = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null);
