import { randomInt } from "node:crypto";
import { ApiError } from "./api-error.ts";
import { createGrammars } from "./grammars.ts";
import type { BatchItem, Llama, LlamaContext, LlamaModel, LlamaModule, LlamaSequence, Token } from "./llama.ts";
import type { Writing } from "./request-body.ts";
import { createSequencePool } from "./sequence-pool.ts";
import { createStopFinder } from "./stop-finder.ts";

export interface Answer {
  text: string;
  finish: "stop" | "length";
  promptTokens: number;
  /** Tokens of the prompt that some earlier request had already been read for. */
  cachedTokens: number;
  completionTokens: number;
}

/**
 * A prompt is read in pieces that begin at multiples of this, each alone in its batch. The attention kernel takes another path, with
 * other rounding, for other numbers of rows; with fixed pieces a prompt gives the same numbers alone, beside others, and where an earlier
 * request has already read its beginning. So the same seed gives the same text.
 */
const PIECE_TOKENS = 128;

/** Which tokens go into the next batch: one piece of a prompt, or the next token of every answer. */
export function nextBatch({ items, size }: { items: readonly BatchItem[]; size: number }): { item: BatchItem; processAmount: number }[] {
  const piece = items.find((item) => item.tokens.length > 1);
  if (piece !== undefined) return [{ item: piece, processAmount: Math.min(size, piece.tokens.length) }];
  return items.slice(0, size).map((item) => ({ item, processAmount: 1 }));
}

/** Writes answers with the sequences of one context, as many at a time as it has. */
export function createWriter(module: LlamaModule, llama: Llama, model: LlamaModel, context: LlamaContext, parallel: number) {
  const pool = createSequencePool(Array.from({ length: parallel }, () => context.getSequence()));
  const grammars = createGrammars(module, llama, model);

  return {
    /** @throws ApiError 400 where the prompt does not leave room for a single token */
    checkLength(tokens: Token[]): void {
      if (tokens.length === 0) throw new ApiError(400, "The prompt is empty", { code: "invalid_value" });
      if (tokens.length < context.contextSize) return;
      throw new ApiError(400, `This model's maximum context length is ${context.contextSize} tokens, and the prompt has ${tokens.length}`, {
        code: "context_length_exceeded",
      });
    },

    async write(tokens: Token[], writing: Writing, signal: AbortSignal, onText?: (text: string) => void): Promise<Answer> {
      const grammar = await grammars.make(writing.shape);
      const sequence = await pool.borrow(tokens, signal);
      try {
        const cachedTokens = await readPrompt(sequence, tokens, signal);
        const stops = createStopFinder([...writing.stop, ...(grammar?.stops ?? [])]);
        const limit = Math.min(writing.maxTokens, context.contextSize - tokens.length);
        const written: Token[] = [];
        const detokenizer = createDetokenizer(model);
        let text = "";
        const give = (piece: string) => {
          if (piece === "") return;
          text += piece;
          onText?.(piece);
        };
        let finish: Answer["finish"] = "stop";
        for await (const token of sequence.evaluate(
          tokens.slice(sequence.nextTokenIndex),
          samplerOptions(writing, written, grammar?.state),
        )) {
          signal.throwIfAborted();
          written.push(token);
          give(stops.push(detokenizer.push(token)));
          if (stops.stopped) break;
          if (written.length < limit) continue;
          finish = "length";
          break;
        }
        give(stops.push(detokenizer.end()));
        give(stops.end());
        return { text, finish, promptTokens: tokens.length, cachedTokens, completionTokens: written.length };
      } finally {
        pool.giveBack(sequence);
      }
    },
  };
}

/** Reads all of the prompt but its last piece, from where the sequence already agrees with it; gives the number of tokens it kept. */
async function readPrompt(sequence: LlamaSequence, tokens: Token[], signal: AbortSignal): Promise<number> {
  const shared = Math.min(sequence.compareContextTokens(tokens).firstDifferentIndex, tokens.length - 1);
  const kept = shared - (shared % PIECE_TOKENS);
  if (sequence.nextTokenIndex > kept) await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }]);
  // Models with a sliding window or a recurrent state cannot go back to every place.
  if (sequence.nextTokenIndex !== kept) await sequence.clearHistory();
  const from = sequence.nextTokenIndex;
  for (let at = from; tokens.length - at > PIECE_TOKENS; at += PIECE_TOKENS) {
    signal.throwIfAborted();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, at + PIECE_TOKENS));
  }
  signal.throwIfAborted();
  return from;
}

/** How far back the penalties look, as in llama.cpp. */
const PENALTY_TOKENS = 64;

function samplerOptions(writing: Writing, written: Token[], grammarState: object | undefined): object {
  const { repeatPenalty: penalty, frequencyPenalty, presencePenalty } = writing;
  const penalized = penalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0;
  return {
    temperature: writing.temperature,
    // Null leaves a filter out; one that lets everything pass would sort the whole vocabulary for every token.
    topP: writing.topP < 1 ? writing.topP : null,
    topK: writing.topK > 0 ? writing.topK : null,
    minP: writing.minP,
    // Without one the engine takes the time in seconds, and answers of the same second would be alike.
    seed: writing.seed ?? randomInt(2 ** 32 - 1),
    ...(grammarState === undefined ? {} : { grammarEvaluationState: grammarState }),
    ...(penalized
      ? {
          repeatPenalty: {
            punishTokens: () => written.slice(-PENALTY_TOKENS),
            maxPunishTokens: PENALTY_TOKENS,
            penalty,
            frequencyPenalty,
            presencePenalty,
          },
        }
      : {}),
  };
}

/** Tokens to text. A letter may be spread over several tokens: those wait for each other. */
function createDetokenizer(model: LlamaModel) {
  let pending: Token[] = [];
  let last: Token[] = [];
  let text = "";
  const settle = (): string => {
    last = [...last, ...pending].slice(-8);
    pending = [];
    return text;
  };
  return {
    push(token: Token): string {
      pending.push(token);
      text = model.detokenize(pending, false, last);
      return text.endsWith("\uFFFD") && pending.length < 8 ? "" : settle();
    },
    end: (): string => (pending.length === 0 ? "" : settle()),
  };
}
