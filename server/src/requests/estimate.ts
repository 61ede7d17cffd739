import type { Usage } from "#protocol/corpus.ts";

/** Money per million tokens. */
export interface Price {
  prompt: number;
  completion: number;
  cached?: number | undefined;
}

/** What a request may take, before it is sent. */
export interface Estimate {
  /** Tokens as rate limits count them: about four bytes each, and all that the answer may have. */
  tokens: number;
  /** The most it can cost: no tokenizer makes more tokens than a text has bytes. */
  cost: number;
}

/** Estimates from the wire body. A body without a length limit may cost anything. */
export function estimate(body: Record<string, unknown>, bytes: number, price: Price | undefined): Estimate {
  const limit = body.max_completion_tokens ?? body.max_tokens;
  const choices = typeof body.n === "number" ? body.n : 1;
  const completion = typeof limit === "number" ? limit * choices : null;
  const cost = price === undefined ? 0 : (bytes * price.prompt + (completion ?? Number.POSITIVE_INFINITY) * price.completion) / 1e6;
  return { tokens: Math.ceil(bytes / 4) + (completion ?? 0), cost: Number.isNaN(cost) ? 0 : cost };
}

/** What an answer did cost. */
export function costOf(usage: Pick<Usage, "prompt" | "completion" | "cached">, price: Price | undefined): number {
  if (price === undefined) return 0;
  const cached = Math.min(usage.cached, usage.prompt);
  return ((usage.prompt - cached) * price.prompt + cached * (price.cached ?? price.prompt) + usage.completion * price.completion) / 1e6;
}
