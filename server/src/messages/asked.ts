import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import { fail } from "#protocol/errors.ts";
import { normalizeBaseUrl } from "../endpoints/base-url.ts";
import { cacheDir } from "../project/cache.ts";
import { keyVariable } from "../recipe/key-variable.ts";
import type { Asked } from "../runs/runner-messages.ts";
import type { ServerContext } from "./context.ts";

/** Folders that may hold the engine and its model: the terminal's, which is used where everything is there already, then the editor's own. */
export const engineHomes = (context: ServerContext): string[] => [...new Set([cacheDir(), context.storage])];

/** An endpoint with its key: the value of a secret comes from the editor and takes the place of its environment variable. */
export async function withKey(context: ServerContext, endpoint: EndpointDeclaration): Promise<Asked> {
  return { endpoint, keys: await keysOf(context, endpoint), homes: engineHomes(context) };
}

/**
 * The value of an endpoint's secret under the name of its variable; empty where it has none, or its value is not known to the editor.
 * @throws model/missing-key where the user does not give it to this server; usage/invalid-argument where the address is none
 */
async function keysOf(context: ServerContext, { name, api_key, base_url }: EndpointDeclaration): Promise<Record<string, string>> {
  if (api_key === null || !("secret" in api_key) || base_url === null) return {};
  const { origin } = new URL(normalizeBaseUrl(base_url));
  const { value, refused } = await context.secrets.get(api_key.secret, origin);
  if (refused)
    throw fail("model/missing-key", `The key “${api_key.secret}” was not given to ${origin}`, {
      data: { endpoint: name, secret: api_key.secret, refused: true },
    });
  const [variable] = keyVariable(api_key.secret);
  return value === null || value === "" || variable === undefined ? {} : { [variable]: value };
}
