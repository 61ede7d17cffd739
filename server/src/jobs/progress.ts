import type { EventLine } from "#protocol/files/events.ts";

const WINDOW_MS = 10_000;

/** Rates over the last ten seconds. */
export function createProgress(total: number, before: { done: number; tokens: number }) {
  const samples: { at: number; done: number; tokens: number }[] = [];
  let last: { done: number; tokens: number; cost: number | undefined } = { done: -1, tokens: -1, cost: undefined };

  return {
    /** The event for this moment, or null where nothing changed since the last one. `done`, `tokens` and `cost` are of the whole job. */
    event(at: number, done: number, tokens: number, cost?: number): Omit<EventLine & { event: "progress" }, "at"> | null {
      if (samples.length === 0) samples.push({ at: at - 1, ...before });
      samples.push({ at, done, tokens });
      while (samples.length > 2 && at - (samples[0]?.at ?? at) > WINDOW_MS) samples.shift();
      if (done === last.done && tokens === last.tokens && cost === last.cost) return null;
      last = { done, tokens, cost };
      const first = samples[0] ?? { at, done, tokens };
      const seconds = Math.max(0.001, (at - first.at) / 1000);
      const rate = round((done - first.done) / seconds);
      const tokensPerSecond = round(Math.max(0, tokens - first.tokens) / seconds);
      const money = cost === undefined ? {} : { cost };
      return { event: "progress", done, total, unit: "requests", rate, tokens, tokens_per_second: tokensPerSecond, ...money };
    },
    /** The moment from which rates count: the first request starts. */
    begin(at: number) {
      samples.length = 0;
      samples.push({ at, ...before });
    },
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;
