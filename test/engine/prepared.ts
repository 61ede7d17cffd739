import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "#protocol/errors.ts";
import { fetchModel, type Model } from "../../server/src/engine/fetch-model.ts";
import { installEngine } from "../../server/src/engine/install.ts";
import { type RunningEngine, type StartOptions, startEngine } from "../../server/src/engine/start.ts";
import { cacheDir } from "../../server/src/project/cache.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const lockDir = join(root, "media", "engine");
export const entry = join(root, "server", "src", "engine", "main.ts");

export interface Prepared {
  engineDir: string;
  model: Model;
}

/** The real engine and the real model from the cache, fetched where they are not there; or the reason why a test must be skipped. */
export async function prepareEngine(): Promise<Prepared | string> {
  const { signal } = new AbortController();
  const onProgress = () => {};
  try {
    const engineDir = await installEngine({ cacheDir: cacheDir(), lockDir, signal, onProgress });
    return { engineDir, model: await fetchModel({ cacheDir: cacheDir(), engineDir, signal, onProgress }) };
  } catch (error) {
    if (error instanceof AppError && /^engine\/(install-failed|model-missing|unsupported)/.test(error.problem.code)) return error.message;
    throw error;
  }
}

/** Starts it as tests want it: one thread, because two that share their cores with other tests wait for each other. */
export function startPrepared(prepared: Prepared, more: Partial<StartOptions> = {}): Promise<RunningEngine> {
  return startEngine({
    entry,
    engineDir: prepared.engineDir,
    modelFile: prepared.model.file,
    modelSha256: prepared.model.sha256,
    threads: 1,
    contextTokens: 1_024,
    idleSeconds: 0,
    signal: new AbortController().signal,
    onLog: () => {},
    ...more,
  });
}
