import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fail } from "#protocol/errors.ts";
import { DEFAULT_MODEL, isRemote } from "../engine/fetch-model.ts";
import { engineIn, findEmbedded } from "./embedded.ts";
import type { ModelFile } from "./target.ts";

/** An embedded model that can be started, and the folder where its engine lies. */
export interface ReadyModel {
  home: string;
  model: ModelFile;
}

/**
 * The embedded model in the first of the folders that has it and its engine; nothing is fetched.
 * `source`: GGUF file or `hf:` address; absent for the default model.
 * @throws engine/not-installed; engine/model-missing, engine/model-corrupt where `source` is a file that is not there or no model
 */
export async function readyModel(homes: readonly string[], source: string | undefined, signal: AbortSignal): Promise<ReadyModel> {
  let engine = false;
  for (const home of homes) {
    const found = await findEmbedded({ home, source, signal });
    if (found.engine !== null && found.model !== null) return { home, model: found.model };
    engine ||= found.engine !== null;
  }
  throw fail("engine/not-installed", engine ? "The embedded model is not installed" : "The embedded engine is not installed", {
    remedy: "Run “JiuZhang: Install the Embedded Model”, or use another endpoint.",
    data: { engine, ...(source === undefined ? {} : { model: source }) },
  });
}

/** Where engine and model are put: where the default model already works from, else into the last folder. */
export async function installHome(homes: readonly string[], signal: AbortSignal): Promise<string> {
  const ready = await readyModel(homes, undefined, signal).catch(() => null);
  return ready?.home ?? (homes.at(-1) as string);
}

/** What lies in a folder of the engine and its models, by a look at names and sizes: no large file is read. */
export interface Lying {
  engine: string | null;
  /** The model file; null where it is not there. */
  model: { file: string; bytes: number } | null;
}

/** `source` as for `readyModel`; of an `hf:` address the file is known by the end of its name. @throws engine/unsupported-platform */
export async function lookInto(home: string, source: string | null): Promise<Lying> {
  const engine = await engineIn(home);
  if (source === null) {
    const model = await lying(join(home, "models", DEFAULT_MODEL.file));
    return { engine, model: model?.bytes === DEFAULT_MODEL.bytes ? model : null };
  }
  if (!isRemote(source)) return { engine, model: await lying(resolve(source)) };
  const name = basename(source.replace(/^\w+:/, ""));
  const found = (await readdir(join(home, "models")).catch(() => [])).find((file) => file.endsWith(name));
  return { engine, model: found === undefined ? null : await lying(join(home, "models", found)) };
}

/** Whether an embedded endpoint seems to be installed in any of the folders. */
export async function seemsInstalled(homes: readonly string[], source: string | null): Promise<boolean> {
  for (const home of homes) {
    const { engine, model } = await lookInto(home, source).catch((): Lying => ({ engine: null, model: null }));
    if (engine !== null && model !== null) return true;
  }
  return false;
}

async function lying(file: string): Promise<Lying["model"]> {
  const found = await stat(file).catch(() => null);
  return found?.isFile() === true ? { file, bytes: found.size } : null;
}
