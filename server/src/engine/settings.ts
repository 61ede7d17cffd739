import { availableParallelism } from "node:os";
import { fail } from "#protocol/errors.ts";

/** The line that starts the engine's process. */
export interface EngineSettings {
  engineDir: string;
  modelFile: string;
  modelSha256: string;
  adapterFile?: string;
  threads: number;
  parallel: number;
  contextTokens: number;
  /** Seconds without a request after which the process ends; 0 for never. */
  idleSeconds: number;
  /** 0 takes any free port. */
  port: number;
  token: string;
}

/** The line that it answers with. */
export type EngineStarted =
  | { ready: true; port: number; model: string; contextTokens: number }
  | { ready: false; error: string; errno: string | null };

/** How many requests the engine writes at a time, unless told otherwise. */
export const DEFAULT_PARALLEL = 4;

/** Tokens of one sequence, unless told otherwise: prompt and answer of the longest template with room to spare. */
export const DEFAULT_CONTEXT_TOKENS = 4_096;

/**
 * Threads of the engine, unless told otherwise: at most four, and one core less than there are. The threads wait for each other by
 * spinning, so one that must share its core slows all of them down several times; `JIUZHANG_ENGINE_THREADS` overrides.
 * @throws usage/invalid-argument
 */
export function defaultThreads(env: NodeJS.ProcessEnv = process.env, cores: number = availableParallelism()): number {
  const text = env.JIUZHANG_ENGINE_THREADS;
  if (text === undefined || text === "") return Math.min(4, Math.max(1, cores - 1));
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= 1024) return threads;
  throw fail("usage/invalid-argument", `JIUZHANG_ENGINE_THREADS is “${text}”`, {
    remedy: "Set it to a whole number of threads, such as 2.",
  });
}
