import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import { DEFAULT_MODEL } from "../engine/fetch-model.ts";
import { findEmbedded } from "./embedded.ts";
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

export const defaultModelFile = (home: string): string => join(home, "models", DEFAULT_MODEL.file);
