import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import { DEFAULT_PROVIDER } from "./identity.ts";
import type { EmbeddedEndpoint, ServedEndpoint } from "./schema.ts";

/**
 * The name that requests to an embedded endpoint carry as their `model`. It is one word whatever the file is called:
 * the body is part of the request key, and a renamed model file is still the same model.
 */
export const EMBEDDED_MODEL = "embedded";

/** Fills in what an endpoint of the recipe leaves out. */
export function declareEndpoint(name: string, endpoint: EmbeddedEndpoint | ServedEndpoint): EndpointDeclaration {
  const limits = given({ rpm: endpoint.limits?.rpm, tpm: endpoint.limits?.tpm });
  if (endpoint.embedded)
    return {
      name,
      embedded: true,
      base_url: null,
      model: endpoint.model ?? EMBEDDED_MODEL,
      provider: "embedded",
      revision: null,
      api_key: null,
      price: null,
      limits,
      max_tokens_field: "max_tokens",
      model_file: endpoint.model_file ?? null,
      adapter_file: endpoint.adapter_file ?? null,
      threads: endpoint.threads ?? null,
    };
  const { price } = endpoint;
  return {
    name,
    embedded: false,
    base_url: endpoint.base_url,
    model: endpoint.model,
    provider: endpoint.provider ?? DEFAULT_PROVIDER,
    revision: endpoint.revision ?? null,
    api_key: endpoint.api_key ?? null,
    price: price === undefined ? null : { prompt: price.prompt, completion: price.completion, ...given({ cached: price.cached }) },
    limits,
    max_tokens_field: endpoint.max_tokens_field ?? "auto",
    model_file: null,
    adapter_file: null,
    threads: null,
  };
}

/** Leaves out members that are undefined, as exact optional properties want it. */
function given<K extends string, V>(members: Record<K, V | undefined>): { [P in K]?: V } {
  const kept: { [P in K]?: V } = {};
  for (const key in members) {
    const value = members[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
