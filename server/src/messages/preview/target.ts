import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import { type Problem, toProblem } from "#protocol/errors.ts";
import { DEFAULT_MODEL } from "../../engine/fetch-model.ts";
import { knownHash } from "../../engine/hash-file.ts";
import { RECIPE_FILE } from "../../project/root.ts";
import { declareEndpoint } from "../../recipe/declaration.ts";
import { modelIdentity } from "../../recipe/identity.ts";
import { chooseEndpoint, keyOf, modelHash } from "../../runs/target.ts";

/** Whom a preview's request would go to. */
export interface Target {
  endpoint: EndpointDeclaration;
  /** Null while the model is not known: nothing is fetched, and no large file is read, for a preview. */
  identity: string | null;
  /** The environment variable that holds the key in a terminal; null where none is needed. */
  keyVariable: string | null;
  /** Why the chosen endpoint, or any of the recipe, cannot be used. The embedded one stands in its place. */
  problem: Problem | null;
}

export interface Targets {
  find(projectDir: string | null, name: string | null): Promise<Target>;
}

/** Endpoints by name, read anew only when the recipe's file has changed. `cacheDir`: where models and their hashes are kept. */
export function createTargets(cacheDir: () => string): Targets {
  const kept = new Map<string, { stamp: string; endpoint: Promise<Chosen> }>();
  return {
    async find(projectDir, name) {
      const { endpoint, problem } = projectDir === null ? { endpoint: embedded(), problem: null } : await declared(projectDir, name);
      const identity = await identityOf(endpoint, cacheDir());
      return { endpoint, identity, keyVariable: keyOf(endpoint, process.env)?.variable ?? null, problem };
    },
  };

  async function declared(projectDir: string, name: string | null): Promise<Chosen> {
    const key = JSON.stringify([projectDir, name]);
    const stamp = await stampOf(join(projectDir, RECIPE_FILE));
    const known = kept.get(key);
    if (known?.stamp === stamp) return await known.endpoint;
    const endpoint = choose(projectDir, name);
    kept.set(key, { stamp, endpoint });
    return await endpoint;
  }
}

interface Chosen {
  endpoint: EndpointDeclaration;
  problem: Problem | null;
}

const embedded = (): EndpointDeclaration => declareEndpoint("embedded", { embedded: true });

const choose = (projectDir: string, name: string | null): Promise<Chosen> =>
  chooseEndpoint(projectDir, name === null ? {} : { endpoint: name }, process.env).then(
    (endpoint) => ({ endpoint, problem: null }),
    (thrown) => ({ endpoint: embedded(), problem: toProblem(thrown) }),
  );

async function stampOf(file: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(file);
    return `${size} ${mtimeMs} ${ino}`;
  } catch {
    // No recipe: the embedded model is the one that is asked.
    return "none";
  }
}

async function identityOf(endpoint: EndpointDeclaration, cacheDir: string): Promise<string | null> {
  if (!endpoint.embedded) return modelIdentity(endpoint);
  const sha256 = endpoint.model_file === null ? DEFAULT_MODEL.sha256 : await knownHash(cacheDir, endpoint.model_file);
  if (sha256 === null) return null;
  if (endpoint.adapter_file === null) return modelIdentity(endpoint, sha256);
  const file = endpoint.adapter_file;
  const adapter = await knownHash(cacheDir, file);
  return adapter === null ? null : modelIdentity(endpoint, modelHash({ sha256, adapter: { file, sha256: adapter } }));
}
