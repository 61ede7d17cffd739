import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import { fetchModel } from "../engine/fetch-model.ts";
import { cachedHash } from "../engine/hash-file.ts";
import { installEngine } from "../engine/install.ts";
import { type RunningEngine, type StartOptions, startEngine } from "../engine/start.ts";
import { entries, shippedFolder } from "../entries.ts";
import { cacheDir } from "../project/cache.ts";
import type { ModelFile } from "./target.ts";

/** More sequences than this share the memory bandwidth without writing more. */
const MOST_PARALLEL = 8;

interface Prepare {
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** The folder of the installed engine; installs it where it is not there yet. @throws engine/… with what to do instead */
const engineFolder = ({ signal, onProgress }: Prepare): Promise<string> =>
  installEngine({ cacheDir: cacheDir(), lockDir: join(shippedFolder("media"), "engine"), signal, onProgress });

/**
 * Installs the engine and fetches a model where they are not there yet.
 * `source`: GGUF file or `hf:` address; absent for the default model. @throws engine/… with what to do instead
 */
export async function prepareEmbedded({ source, ...prepare }: Prepare & { source?: string | undefined }): Promise<ModelFile> {
  const engineDir = await engineFolder(prepare);
  const { file, sha256 } = await fetchModel({ cacheDir: cacheDir(), engineDir, ...prepare, ...(source === undefined ? {} : { source }) });
  return { path: file, sha256 };
}

/** Starts the embedded engine on a model file; it ends with the calling process. */
export async function startEmbedded(
  model: ModelFile,
  options: Omit<StartOptions, "entry" | "engineDir" | "modelFile" | "modelSha256">,
): Promise<RunningEngine> {
  const engineDir = await engineFolder({ signal: options.signal, onProgress: () => {} });
  return await startEngine({ ...options, entry: entries.engine, engineDir, modelFile: model.path, modelSha256: model.sha256 });
}

/**
 * Starts the engine that a job names; what it logs goes to the job's stderr.log.
 * @throws engine/model-missing, engine/model-corrupt where the file is not the one that the job's requests name
 */
export async function startForJob(
  { model_file, model_sha256, threads }: NonNullable<SendSpec["endpoint"]["embedded"]>,
  parallel: number,
  signal: AbortSignal,
): Promise<RunningEngine> {
  await checkModel(model_file, model_sha256, signal);
  return startEmbedded(
    { path: model_file, sha256: model_sha256 },
    {
      ...(threads === undefined ? {} : { threads }),
      parallel: Math.min(parallel, MOST_PARALLEL),
      // It lives as long as the job: a pause that the endpoint's limits ask for is no reason to load the model again.
      idleSeconds: 0,
      signal,
      onLog: (line) => process.stderr.write(`engine: ${line}\n`),
    },
  );
}

/** Another model's answers under this one's identity would be wrong for ever. */
async function checkModel(file: string, sha256: string, signal: AbortSignal): Promise<void> {
  const remedy = "Put the file back, or run the command again: it makes a job for the model that it finds.";
  if (!existsSync(file)) throw fail("engine/model-missing", "The job's model file is gone", { where: { file }, remedy });
  if ((await cachedHash(cacheDir(), file, signal)) !== sha256)
    throw fail("engine/model-corrupt", "The model file is not the one that the job was made for", { where: { file }, remedy });
}
