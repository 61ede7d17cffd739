import { ApiError } from "./api-error.ts";
import type { LlamaSequence, Token } from "./llama.ts";

/** How many requests may wait for a sequence before the server says that it is busy. */
export const QUEUE_LIMIT = 1_024;

/**
 * The sequences of one context, lent to one request each. Requests wait in order; a free sequence that already holds the beginning of
 * the prompt is preferred, because that beginning need not be read again.
 */
export function createSequencePool(sequences: readonly LlamaSequence[], limit = QUEUE_LIMIT) {
  const idle = new Set(sequences);
  const waiting: ((sequence: LlamaSequence) => void)[] = [];

  return {
    async borrow(tokens: Token[], signal: AbortSignal): Promise<LlamaSequence> {
      signal.throwIfAborted();
      const best = [...idle]
        .map((sequence) => ({ sequence, shared: sequence.compareContextTokens(tokens).firstDifferentIndex }))
        .sort((a, b) => b.shared - a.shared)[0];
      if (best !== undefined) {
        idle.delete(best.sequence);
        return best.sequence;
      }
      if (waiting.length >= limit) throw new ApiError(503, `${waiting.length} requests are waiting already`, { code: "queue_full" });
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiting.splice(waiting.indexOf(take), 1);
          reject(signal.reason);
        };
        const take = (sequence: LlamaSequence) => {
          signal.removeEventListener("abort", leave);
          resolve(sequence);
        };
        waiting.push(take);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
    giveBack(sequence: LlamaSequence): void {
      const next = waiting.shift();
      if (next === undefined) idle.add(sequence);
      else next(sequence);
    },
  };
}

export type SequencePool = ReturnType<typeof createSequencePool>;
