import type { RunningEngine } from "../jobs/send-model.ts";
import { type ModelFile, modelHash } from "./target.ts";

/** What is asked of an engine that is to be started. */
export interface EngineWish {
  model: ModelFile;
  home: string;
  threads: number | undefined;
}

/** Engines that stay loaded between runs: one for each model, ended when nobody has used it for a while. */
export interface WarmEngines {
  /**
   * An engine for a model, started where none runs. Its `stop` only gives it back. `onStart` is called where it has to be started.
   * @throws engine/…, or why `signal` was raised while waiting; the engine then goes on starting, for whoever asks next
   */
  lease(wish: EngineWish, options: { signal: AbortSignal; onStart?: (() => void) | undefined }): Promise<RunningEngine>;
  /** By the hash of model and adapter. Ends a model's engine where nobody uses it: another process is about to load the same model. */
  rest(sha256: string): Promise<void>;
  /** Ends all of them. */
  close(): Promise<void>;
}

interface Warm {
  threads: number | undefined;
  starting: Promise<RunningEngine>;
  users: number;
  idle: NodeJS.Timeout | undefined;
}

export function createWarmEngines(start: (wish: EngineWish) => Promise<RunningEngine>, idleMilliseconds: number): WarmEngines {
  const warm = new Map<string, Warm>();
  const ending = new Set<Promise<unknown>>();

  const end = async (sha256: string, engine: Warm): Promise<void> => {
    if (warm.get(sha256) === engine) warm.delete(sha256);
    clearTimeout(engine.idle);
    // One that did not start has nothing to stop; whoever asked for it was told.
    const stopping = engine.starting.then((running) => running.stop()).catch(() => {});
    ending.add(stopping);
    await stopping;
    ending.delete(stopping);
  };

  const open = (wish: EngineWish): Warm => {
    const sha256 = modelHash(wish.model);
    const engine: Warm = { threads: wish.threads, starting: start(wish), users: 0, idle: undefined };
    const forget = () => {
      clearTimeout(engine.idle);
      if (warm.get(sha256) === engine) warm.delete(sha256);
    };
    engine.starting.then((running) => running.exited.then(forget), forget);
    warm.set(sha256, engine);
    return engine;
  };

  return {
    async lease(wish, { signal, onStart }) {
      signal.throwIfAborted();
      const sha256 = modelHash(wish.model);
      let engine = warm.get(sha256);
      if (engine !== undefined && engine.users === 0 && engine.threads !== wish.threads) {
        await end(sha256, engine);
        engine = warm.get(sha256);
      }
      if (engine === undefined) {
        onStart?.();
        engine = open(wish);
      }
      const used = engine;
      clearTimeout(used.idle);
      used.users++;
      let given = false;
      const giveBack = async () => {
        if (given) return;
        given = true;
        used.users--;
        if (used.users > 0 || warm.get(sha256) !== used) return;
        used.idle = setTimeout(() => void end(sha256, used), idleMilliseconds);
        used.idle.unref();
      };
      try {
        const { baseUrl, token, exited } = await raised(used.starting, signal);
        return { baseUrl, token, exited, stop: giveBack };
      } catch (thrown) {
        await giveBack();
        throw thrown;
      }
    },

    async rest(sha256) {
      const engine = warm.get(sha256);
      if (engine !== undefined && engine.users === 0) await end(sha256, engine);
    },

    async close() {
      await Promise.all([...[...warm].map(([sha256, engine]) => end(sha256, engine)), ...ending]);
    },
  };
}

/** A promise, or why the signal was raised before it settled. */
async function raised<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const abort = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  return await Promise.race([promise, abort]).finally(() => signal.removeEventListener("abort", stop));
}
