/** Work of which only the latest counts: a new call cancels the one before. */
export interface Latest {
  /** Undefined where a later call or `stop` has cancelled it. @throws what the work throws otherwise */
  run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
  stop(): void;
  readonly running: boolean;
}

export function createLatest(): Latest {
  let current: AbortController | null = null;
  return {
    async run(work) {
      current?.abort();
      const mine = new AbortController();
      current = mine;
      try {
        const result = await work(mine.signal);
        return mine.signal.aborted ? undefined : result;
      } catch (thrown) {
        if (mine.signal.aborted) return undefined;
        throw thrown;
      } finally {
        if (current === mine) current = null;
      }
    },
    stop() {
      current?.abort();
      current = null;
    },
    get running() {
      return current !== null;
    },
  };
}
