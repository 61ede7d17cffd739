/** Work of which only the newest matters: at most one piece is under way, and at most one waits. */
export interface Latest {
  /** What there is now is to be worked on. */
  ask(): void;
  stop(): void;
}

export interface LatestWork {
  /** One piece. It never rejects; its answer says whether something is left to `settle`. */
  run(signal: AbortSignal): Promise<boolean>;
  /** What may take longer, once nothing else is asked; given up when something is. */
  settle(signal: AbortSignal): Promise<void>;
}

export function createLatest({ run, settle }: LatestWork): Latest {
  let wanted = false;
  let running = false;
  let stopped = false;
  let settling: AbortController | null = null;
  const whole = new AbortController();

  const loop = async () => {
    running = true;
    let open = false;
    while (wanted && !stopped) {
      wanted = false;
      open = await run(whole.signal);
    }
    running = false;
    if (!open || stopped) return;
    settling = new AbortController();
    const { signal } = settling;
    await settle(AbortSignal.any([signal, whole.signal]));
  };

  return {
    ask() {
      wanted = true;
      settling?.abort();
      settling = null;
      if (!running && !stopped) void loop();
    },
    stop() {
      stopped = true;
      whole.abort();
    },
  };
}
