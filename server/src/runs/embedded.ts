import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Progress } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import { checkGguf, fetchModel, findModel } from "../engine/fetch-model.ts";
import { cachedHash } from "../engine/hash-file.ts";
import { installEngine, installedEngine } from "../engine/install.ts";
import { type RunningEngine, type StartOptions, startEngine } from "../engine/start.ts";
import { entries, shippedFolder } from "../entries.ts";
import { cacheDir } from "../project/cache.ts";
import { type ModelFile, modelHash } from "./target.ts";

/** More sequences than this share the memory bandwidth without writing more. */
const MOST_PARALLEL = 8;

/** `home`: the folder where engine and models lie; the terminal's is the user's cache. */
interface Home {
  home?: string | undefined;
}

interface Prepare extends Home {
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

type Embedded = NonNullable<SendSpec["endpoint"]["embedded"]>;

const lockDir = (): string => join(shippedFolder("media"), "engine");

/** The folder of the installed engine; installs it where it is not there yet. @throws engine/… with what to do instead */
const engineFolder = ({ home = cacheDir(), signal, onProgress }: Prepare): Promise<string> =>
  installEngine({ cacheDir: home, lockDir: lockDir(), signal, onProgress });

/**
 * Installs the engine and fetches a model where they are not there yet.
 * `source`: GGUF file or `hf:` address; absent for the default model. @throws engine/… with what to do instead
 */
export async function prepareEmbedded({ source, ...prepare }: Prepare & { source?: string | undefined }): Promise<ModelFile> {
  const engineDir = await engineFolder(prepare);
  const { home = cacheDir(), ...rest } = prepare;
  const { file, sha256 } = await fetchModel({ cacheDir: home, engineDir, ...rest, ...(source === undefined ? {} : { source }) });
  return { path: file, sha256 };
}

/**
 * The model with the adapter that an endpoint names; null for none.
 * @throws engine/model-missing, engine/model-corrupt where that file is not there or no adapter
 */
export async function withAdapter(
  model: ModelFile,
  file: string | null,
  { home = cacheDir(), signal }: Home & { signal: AbortSignal },
): Promise<ModelFile> {
  if (file === null) return model;
  await checkGguf(file, "adapter");
  return { ...model, adapter: { file: resolve(file), sha256: await cachedHash(home, file, signal) } };
}

/** The folder of the engine in a home, null where it is not installed. @throws engine/unsupported-platform */
export const engineIn = (home: string): Promise<string | null> => installedEngine({ cacheDir: home, lockDir: lockDir() });

/** What of an embedded model is there; nothing is fetched. `source` as for `prepareEmbedded`. */
export async function findEmbedded({
  home,
  source,
  signal,
}: {
  home: string;
  source: string | undefined;
  signal: AbortSignal;
}): Promise<{ engine: string | null; model: ModelFile | null }> {
  const engine = await engineIn(home);
  const found = await findModel({
    cacheDir: home,
    signal,
    ...(source === undefined ? {} : { source }),
    ...(engine === null ? {} : { engineDir: engine }),
  });
  return { engine, model: found === null ? null : { path: found.file, sha256: found.sha256 } };
}

/** Starts the embedded engine on a model file; it ends with the calling process. */
export async function startEmbedded(
  model: ModelFile,
  { home, ...options }: Omit<StartOptions, "entry" | "engineDir" | "modelFile" | "modelSha256"> & Home,
): Promise<RunningEngine> {
  const engineDir = await engineFolder({ home, signal: options.signal, onProgress: () => {} });
  return await startEngine({
    ...options,
    entry: entries.engine,
    engineDir,
    modelFile: model.path,
    modelSha256: modelHash(model),
    ...(model.adapter === undefined ? {} : { adapterFile: model.adapter.file }),
  });
}

/**
 * Starts the engine that a job names; what it logs goes to the job's stderr.log.
 * @throws engine/model-missing, engine/model-corrupt where the file is not the one that the job's requests name
 */
export async function startForJob(embedded: Embedded, parallel: number, signal: AbortSignal): Promise<RunningEngine> {
  await checkModel(embedded, { signal });
  return startEmbedded(
    { path: embedded.model_file, sha256: embedded.model_sha256, adapter: embedded.adapter },
    {
      ...(embedded.threads === undefined ? {} : { threads: embedded.threads }),
      parallel: Math.min(parallel, MOST_PARALLEL),
      // It lives as long as the job: a pause that the endpoint's limits ask for is no reason to load the model again.
      idleSeconds: 0,
      signal,
      onLog: (line) => process.stderr.write(`engine: ${line}\n`),
    },
  );
}

/**
 * Another model's answers under this one's identity would be wrong for ever.
 * @throws engine/model-missing, engine/model-corrupt
 */
export async function checkModel(
  { model_file, model_sha256, adapter }: Embedded,
  { home = cacheDir(), signal }: Home & { signal: AbortSignal },
): Promise<void> {
  const remedy = "Put the file back, or run the command again: it makes a job for the model that it finds.";
  const files = [
    { what: "model", file: model_file, sha256: model_sha256 },
    ...(adapter === undefined ? [] : [{ what: "adapter", ...adapter }]),
  ];
  for (const { what, file, sha256 } of files) {
    if (!existsSync(file)) throw fail("engine/model-missing", `The job's ${what} file is gone`, { where: { file }, remedy });
    if ((await cachedHash(home, file, signal)) !== sha256)
      throw fail("engine/model-corrupt", `The ${what} file is not the one that the job was made for`, { where: { file }, remedy });
  }
}
