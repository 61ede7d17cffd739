import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import { fail } from "#protocol/errors.ts";

/** What a declaration without `provider` counts as. */
export const DEFAULT_PROVIDER = "openai-compatible";

/**
 * The name of the model behind an endpoint, as it enters every request key: the hash of the model's file where we hold
 * the file, else `provider/model` and `@revision` where one is declared.
 *
 * The address takes no part, nor is the provider guessed from it: a server that moves to another port or behind a proxy
 * is still the same model, and asking it again would pay for every answer twice. Whoever has one model name at two
 * providers, or a new model under an old name, says so by `provider` and `revision`.
 *
 * @param modelSha256 64 hex digits, required for embedded endpoints and ignored for others.
 * @throws internal where an embedded endpoint comes without the hash of its file.
 */
export function modelIdentity(
  declaration: Pick<EndpointDeclaration, "name" | "embedded" | "provider" | "model" | "revision">,
  modelSha256?: string,
): string {
  if (declaration.embedded) {
    if (modelSha256 === undefined || !/^[0-9a-f]{64}$/i.test(modelSha256))
      throw fail("internal", `The model file of endpoint “${declaration.name}” has not been hashed`);
    return `sha256:${modelSha256.toLowerCase()}`;
  }
  const revision = declaration.revision === null ? "" : `@${declaration.revision}`;
  return `${declaration.provider}/${declaration.model}${revision}`;
}
