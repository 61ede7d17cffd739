import type { GenerateEvent } from "#protocol/messages/generate.ts";
import type { DeltaListener } from "../jobs/run-send.ts";

type Delta = GenerateEvent & { type: "delta" };

/** Text is passed on in pieces of so many milliseconds: no eye sees more, and a fast model makes hundreds of tokens a second. */
const EVERY_MS = 30;

export interface Deltas {
  listen: DeltaListener;
  /** Passes on what is held. */
  flush(): void;
}

/** Collects pieces of answers. `about`: which sample of which seed a request is. */
export function collectDeltas(about: (key: string) => { sample: number; seed: string | null }, onDelta: (delta: Delta) => void): Deltas {
  const held = new Map<string, Delta>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const delta of held.values()) onDelta(delta);
    held.clear();
  };
  return {
    flush,
    listen(key, attempt, { text, reasoning }) {
      const before = held.get(key);
      // The text of a new attempt begins anew.
      if (before !== undefined && before.attempt !== attempt) flush();
      const delta = held.get(key) ?? { type: "delta", key, ...about(key), attempt, text: "", reasoning: "" };
      held.set(key, { ...delta, text: delta.text + text, reasoning: delta.reasoning + reasoning });
      timer ??= setTimeout(flush, EVERY_MS);
    },
  };
}
