import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import { AppError, fail } from "#protocol/errors.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import { RECIPE_FILE } from "../project/root.ts";
import { declareEndpoint } from "../recipe/declaration.ts";
import { modelIdentity } from "../recipe/identity.ts";
import { keyVariable } from "../recipe/key-variable.ts";
import { parseRecipe } from "../recipe/parse.ts";

/** How a command names its model. */
export interface TargetChoice {
  endpoint?: string | undefined;
  baseUrl?: string | undefined;
  /** A model's name with `baseUrl`; else a GGUF file or an `hf:` address for the embedded engine. */
  model?: string | undefined;
  /** Name of the environment variable with the key, for `baseUrl`. */
  apiKeyEnv?: string | undefined;
}

/** The endpoint that a command means. Nothing is fetched or asked yet. */
export async function chooseEndpoint(projectDir: string, choice: TargetChoice, env: NodeJS.ProcessEnv): Promise<EndpointDeclaration> {
  if (choice.baseUrl !== undefined) return commandLineEndpoint(choice.baseUrl, choice, env);
  if (choice.model !== undefined && choice.endpoint === undefined)
    return { ...declareEndpoint("embedded", { embedded: true }), model_file: choice.model };
  const { endpoints, file } = await readEndpoints(projectDir);
  const names = Object.keys(endpoints);
  const name = choice.endpoint ?? names[0];
  if (name === undefined) return declareEndpoint("embedded", { embedded: true });
  const found = endpoints[name];
  if (found === undefined)
    throw fail("project/unknown-endpoint", `There is no endpoint “${name}”`, {
      where: { file },
      remedy: names.length === 0 ? `Declare it under “endpoints:” in ${RECIPE_FILE}.` : `The recipe declares: ${names.join(", ")}.`,
    });
  const adapter_file = modelFileOf(projectDir, found.adapter_file);
  if (choice.model === undefined) return { ...found, model_file: modelFileOf(projectDir, found.model_file), adapter_file };
  // The same of an adapter: it was trained for the declared model.
  if (found.embedded)
    return { ...found, model_file: choice.model, adapter_file: isDeclared(projectDir, found, choice.model) ? adapter_file : null };
  // A declared revision says which version of the declared model is meant, not of another one.
  return { ...found, model: choice.model, revision: choice.model === found.model ? found.revision : null };
}

/** Whether a model file of the command line is the one that the recipe declares. */
function isDeclared(projectDir: string, { model_file }: EndpointDeclaration, file: string): boolean {
  const declared = modelFileOf(projectDir, model_file);
  return declared !== null && (file === declared || resolve(file) === declared);
}

/** A file that the recipe names is meant from the recipe's folder on; an address stays. */
export const modelFileOf = (projectDir: string, file: string | null): string | null =>
  file === null || /^\w{2,}:/.test(file) ? file : resolve(projectDir, file);

/** The endpoints of the project's recipe; none where there is no recipe. @throws the recipe's first problem about endpoints */
export async function readEndpoints(projectDir: string): Promise<{ endpoints: Record<string, EndpointDeclaration>; file: string }> {
  const path = join(projectDir, RECIPE_FILE);
  if (!existsSync(path)) return { endpoints: {}, file: path };
  const { endpoints, problems } = parseRecipe(await readFile(path, "utf8"), RECIPE_FILE);
  const [first, ...others] = problems;
  if (first !== undefined) throw new AppError(others.length === 0 ? first : { ...first, data: { ...first.data, others } });
  return { endpoints: Object.fromEntries(endpoints), file: RECIPE_FILE };
}

/**
 * An endpoint that only the command line names. Its key is read from `--api-key-env`, or from JIUZHANG_API_KEY where that is
 * set: a variable that belongs to another provider is never sent to an address that somebody typed.
 */
function commandLineEndpoint(baseUrl: string, choice: TargetChoice, env: NodeJS.ProcessEnv): EndpointDeclaration {
  if (choice.model === undefined)
    throw fail("usage/invalid-argument", "--base-url needs --model, the name of the model there", {
      remedy: "Add --model NAME; `jiuzhang doctor` lists the models of servers on this machine.",
    });
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol))
    throw fail("usage/invalid-argument", `--base-url wants an address such as http://127.0.0.1:8000/v1, not “${baseUrl}”`);
  const variable = choice.apiKeyEnv ?? (env.JIUZHANG_API_KEY === undefined ? undefined : "JIUZHANG_API_KEY");
  const declared = declareEndpoint("command-line", { embedded: false, base_url: baseUrl, model: choice.model });
  return { ...declared, api_key: variable === undefined ? null : { env: variable } };
}

/** The variable that holds an endpoint's key, and whether it is set. Null where the endpoint needs none. */
export function keyOf(endpoint: EndpointDeclaration, env: NodeJS.ProcessEnv): { variable: string; present: boolean } | null {
  if (endpoint.api_key === null) return null;
  const names = "env" in endpoint.api_key ? [endpoint.api_key.env] : keyVariable(endpoint.api_key.secret);
  const set = names.find((name) => (env[name] ?? "") !== "");
  return { variable: set ?? (names[0] as string), present: set !== undefined };
}

/** The same, where the endpoint is about to be asked. @throws model/missing-key where its key is not set */
export function neededKey(endpoint: EndpointDeclaration, env: NodeJS.ProcessEnv): ReturnType<typeof keyOf> {
  const key = keyOf(endpoint, env);
  if (key === null || key.present) return key;
  const { name, api_key } = endpoint;
  throw fail("model/missing-key", `The key of endpoint “${name}” is not set`, {
    remedy: `Set the environment variable ${key.variable} and run the same command again.`,
    data: {
      endpoint: name,
      variable: key.variable,
      ...(api_key !== null && "secret" in api_key ? { secret: api_key.secret } : {}),
    },
  });
}

/** A model file on this machine, by the hash of its content. */
export interface ModelFile {
  path: string;
  sha256: string;
  adapter?: { file: string; sha256: string } | undefined;
}

/** One hash for a model with its adapter: another adapter makes another model. 64 hex digits. */
export const modelHash = ({ sha256, adapter }: Pick<ModelFile, "sha256" | "adapter">): string =>
  adapter === undefined ? sha256 : createHash("sha256").update(`${sha256} ${adapter.sha256}`).digest("hex");

/** The part of a job's spec that says whom to ask. @throws model/missing-key before anything is planned */
export function endpointSpec(
  endpoint: EndpointDeclaration,
  model: ModelFile | null,
  env: NodeJS.ProcessEnv,
): { endpoint: SendSpec["endpoint"]; identity: string } {
  const key = neededKey(endpoint, env);
  const { price, limits, threads } = endpoint;
  return {
    identity: modelIdentity(endpoint, model === null ? undefined : modelHash(model)),
    endpoint: {
      name: endpoint.name,
      model: endpoint.model,
      ...(endpoint.base_url === null ? {} : { base_url: endpoint.base_url }),
      ...(model === null
        ? {}
        : {
            embedded: {
              model_file: resolve(model.path),
              model_sha256: model.sha256,
              ...(model.adapter === undefined ? {} : { adapter: model.adapter }),
              ...(threads === null ? {} : { threads }),
            },
          }),
      ...(key === null ? {} : { api_key_env: key.variable }),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
      ...(price === null ? {} : { price }),
    },
  };
}
