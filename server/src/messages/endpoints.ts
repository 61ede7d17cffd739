import { existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { URI } from "vscode-uri";
import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import { AppError, fail } from "#protocol/errors.ts";
import type { EndpointSummary, NewEndpoint } from "#protocol/messages/endpoints.ts";
import { discoverServers } from "../endpoints/discover.ts";
import { replaceFile } from "../files/durable.ts";
import { RECIPE_FILE } from "../project/root.ts";
import { addEndpoint } from "../recipe/add-endpoint.ts";
import { declareEndpoint } from "../recipe/declaration.ts";
import { parseRecipe } from "../recipe/parse.ts";
import { seemsInstalled } from "../runs/engine-home.ts";
import { chooseEndpoint, keyOf, modelFileOf } from "../runs/target.ts";
import { engineHomes, withKey } from "./asked.ts";
import type { Handlers, ServerContext } from "./context.ts";
import { forEditor, inEditor } from "./editor-words.ts";
import { engineStatus } from "./engine-status.ts";
import { folderOf } from "./projects.ts";
import { refuseUntrusted } from "./trust.ts";

export const endpointHandlers: Handlers<
  "endpoints/list" | "endpoints/discover" | "endpoints/test" | "endpoints/add" | "engine/status" | "engine/install"
> = {
  async "endpoints/list"(context, { project }) {
    const folder = project === null ? null : folderOf(project);
    const file = folder === null ? RECIPE_FILE : join(folder, RECIPE_FILE);
    const source = folder === null ? "" : await sourceOf(file);
    const { endpoints, lines, problems } = parseRecipe(source, RECIPE_FILE);
    const declared = [...endpoints.values()].map((endpoint) => summaryOf(context, folder, endpoint, lines.get(endpoint.name) ?? null));
    // Where nothing is declared, and nothing was meant to be, the embedded model is the one that is asked.
    const none = declared.length === 0 && problems.length === 0;
    const summaries = none ? [summaryOf(context, folder, embeddedDefault(), null)] : declared;
    return { endpoints: await Promise.all(summaries), file, problems };
  },

  async "endpoints/discover"(context) {
    refuseUntrusted(context, "Looking for model servers");
    return { servers: await discoverServers() };
  },

  "endpoints/test": (context, { project, endpoint, ask = true }, { signal }) =>
    inEditor(async () => {
      refuseUntrusted(context, "Asking a model");
      const meant = "given" in endpoint ? given(project, endpoint.given) : await declared(project, endpoint.declared);
      const { problem, ...test } = await context.runner.test({ ...(await withKey(context, meant)), ask }, signal);
      return { ...test, problem: problem === null ? null : forEditor(problem) };
    }),

  "endpoints/add": (context, { project, endpoint }) =>
    inEditor(async () => {
      const file = join(folderOf(project), RECIPE_FILE);
      const open = context.document(URI.file(file).toString());
      const added = addEndpoint(open?.getText() ?? (await sourceOf(file)), endpoint, RECIPE_FILE);
      if (open !== undefined) return { file, line: added.line, edit: { uri: open.uri, version: open.version, ...added.edit } };
      // A link to a recipe that several projects share stays one.
      replaceFile(existsSync(file) ? realpathSync(file) : file, added.source);
      return { file, line: added.line, edit: null };
    }),

  "engine/status": (context, _params, { signal }) => inEditor(() => engineStatus(context, signal)),

  "engine/install": (context, { progress: token, model = null }, { signal }) =>
    inEditor(async () => {
      refuseUntrusted(context, "Installing the embedded model");
      await context.runner.install(
        { homes: engineHomes(context), model },
        { signal, onProgress: (progress) => context.notify("progress", { token, progress }) },
      );
      return await engineStatus(context, signal);
    }),
};

const sourceOf = async (file: string): Promise<string> => (existsSync(file) ? await readFile(file, "utf8") : "");

/** The endpoint that is asked where the recipe declares none. */
const embeddedDefault = (): EndpointDeclaration => declareEndpoint("embedded", { embedded: true });

async function summaryOf(
  context: ServerContext,
  folder: string | null,
  endpoint: EndpointDeclaration,
  line: number | null,
): Promise<EndpointSummary> {
  const { name, model, embedded, base_url: baseUrl, api_key, price, model_file } = endpoint;
  const found = keyOf(endpoint, process.env);
  const key: EndpointSummary["key"] =
    api_key === null || found === null
      ? null
      : "secret" in api_key
        ? { name: api_key.secret, kind: "secret", present: found.present || (await context.secrets.has(api_key.secret)) }
        : { name: api_key.env, kind: "env", present: found.present };
  const file = folder === null ? model_file : modelFileOf(folder, model_file);
  const installed = embedded ? await seemsInstalled(engineHomes(context), file) : null;
  return { name, model, embedded, baseUrl, key, price, line, installed, modelFile: embedded ? file : null };
}

async function declared(project: string | null, name: string): Promise<EndpointDeclaration> {
  if (project === null)
    throw fail("project/none", "No folder is open, so no recipe declares an endpoint", { remedy: "Open a folder first." });
  const folder = folderOf(project);
  const { endpoints, problems } = parseRecipe(await sourceOf(join(folder, RECIPE_FILE)), RECIPE_FILE);
  const fallback = embeddedDefault();
  if (endpoints.size === 0 && problems.length === 0 && name === fallback.name) return fallback;
  return await chooseEndpoint(folder, { endpoint: name }, process.env);
}

/** An endpoint that is not written down yet, checked as the recipe would check it. */
function given(project: string | null, endpoint: NewEndpoint): EndpointDeclaration {
  const { source } = addEndpoint("", endpoint, RECIPE_FILE);
  const { endpoints, problems } = parseRecipe(source, RECIPE_FILE);
  const read = endpoints.get(endpoint.name);
  if (read !== undefined) return project === null ? read : { ...read, model_file: modelFileOf(folderOf(project), read.model_file) };
  const [problem] = problems;
  throw problem === undefined ? fail("internal", "The endpoint cannot be read") : new AppError(problem);
}
