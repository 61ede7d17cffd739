/** A model server that somebody already runs on this machine. */
export interface FoundServer {
  name: string;
  baseUrl: string;
  models: string[];
}

/** Where the usual servers listen unless told otherwise. */
export const USUAL_PLACES: readonly { name: string; baseUrl: string }[] = [
  { name: "Ollama", baseUrl: "http://127.0.0.1:11434/v1" },
  { name: "LM Studio", baseUrl: "http://127.0.0.1:1234/v1" },
  { name: "llama-server", baseUrl: "http://127.0.0.1:8080/v1" },
  { name: "vLLM", baseUrl: "http://127.0.0.1:8000/v1" },
];

/** Who a server says it is, in the `owned_by` of its models; ports are only a habit. */
const OWNERS: Record<string, string> = { library: "Ollama", organization_owner: "LM Studio", llamacpp: "llama-server", vllm: "vLLM" };

/** Asks the usual places on loopback for their models, all at once. Whoever does not answer in time with a list of models is not there. */
export async function discoverServers(
  fetch: typeof globalThis.fetch = globalThis.fetch,
  places: readonly { name: string; baseUrl: string }[] = USUAL_PLACES,
): Promise<FoundServer[]> {
  const found = await Promise.all(
    places.map(async ({ name, baseUrl }): Promise<FoundServer | null> => {
      const listed = await fetch(`${baseUrl}/models`, { signal: AbortSignal.timeout(PROBE_MS), redirect: "error" })
        .then(async (response) => (response.ok ? ((await response.json()) as { data?: unknown }) : null))
        // Nothing there, or something else: not finding a server is this function's ordinary answer.
        .catch(() => null);
      if (!Array.isArray(listed?.data)) return null;
      const models = listed.data as { id?: unknown; owned_by?: unknown }[];
      const owner = models.map((model) => OWNERS[String(model?.owned_by)]).find((known) => known !== undefined);
      return { name: owner ?? name, baseUrl, models: models.flatMap((model) => (typeof model?.id === "string" ? [model.id] : [])) };
    }),
  );
  return found.filter((server) => server !== null);
}

const PROBE_MS = 800;
