import { Worker } from "node:worker_threads";
import { entries } from "../../entries.ts";

/** Counts tokens in a thread of its own, which is started by the first count. */
export interface TokenCounter {
  /** Null where the thread has died; the next count starts it anew, unless it died too often. */
  count(texts: readonly string[]): Promise<number | null>;
  /** The count if it comes within so many milliseconds. */
  countWithin(texts: readonly string[], milliseconds: number): Promise<number | null>;
}

/** A thread that dies so often is not started again: counts are estimates then. */
const MOST_DEATHS = 3;

export function createTokenCounter(onError: (thrown: unknown) => void): TokenCounter {
  const pending = new Map<number, (tokens: number | null) => void>();
  let worker: Worker | null = null;
  let next = 1;
  let ready = false;
  let deaths = 0;

  const start = (): Worker => {
    const started = new Worker(entries.tokenizer);
    started.unref();
    started.on("message", ({ id, tokens }: { id: number; tokens: number }) => {
      ready = true;
      pending.get(id)?.(tokens);
      pending.delete(id);
    });
    started.on("error", onError);
    started.on("exit", () => {
      worker = null;
      ready = false;
      deaths++;
      for (const settle of pending.values()) settle(null);
      pending.clear();
    });
    return started;
  };

  const counter: TokenCounter = {
    count(texts) {
      if (deaths >= MOST_DEATHS) return Promise.resolve(null);
      worker ??= start();
      const id = next++;
      const counted = new Promise<number | null>((resolve) => pending.set(id, resolve));
      worker.postMessage({ id, texts });
      return counted;
    },
    async countWithin(texts, milliseconds) {
      // While it loads, or works on an older text, nobody waits: the answer is asked for again.
      const busy = pending.size > 0;
      const counted = counter.count(texts);
      if (!ready || busy) return null;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(() => resolve(null), milliseconds);
      });
      return await Promise.race([counted, late]).finally(() => clearTimeout(timer));
    },
  };
  return counter;
}
