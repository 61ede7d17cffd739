import type { Problem } from "#protocol/errors.ts";
import type { Params, Result } from "#protocol/messages.ts";
import type { HostRequests, PANEL_SERVER_REQUESTS } from "#protocol/panels.ts";

type ServerRequest = (typeof PANEL_SERVER_REQUESTS)["corpus"][number];
export type Asked = ServerRequest | keyof HostRequests;

export type AskedParams<K extends Asked> = K extends ServerRequest
  ? Omit<Params<K>, "project">
  : K extends keyof HostRequests
    ? HostRequests[K]["params"]
    : never;
export type Answer<K extends Asked> = K extends ServerRequest
  ? Result<K>
  : K extends keyof HostRequests
    ? HostRequests[K]["result"]
    : never;

/** Whom the model asks: the panel's host, and through it the server. What it throws, `problemOf` understands. */
export interface Backend {
  request<K extends Asked>(method: K, params: AskedParams<K>, signal?: AbortSignal): Promise<Answer<K>>;
}

/** Any thrown value as a problem. */
export function problemOf(thrown: unknown): Problem {
  const { problem } = (thrown ?? {}) as { problem?: Problem };
  if (problem !== undefined) return problem;
  return { code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) };
}
