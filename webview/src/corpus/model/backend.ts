import type { Problem } from "#protocol/errors.ts";
import type { PanelParams, PanelRequest, PanelResult } from "#protocol/panels.ts";

/** Whom the model asks: the panel's host, and through it the server. What it throws, `problemOf` understands. */
export interface Backend {
  request<K extends PanelRequest>(method: K, params: PanelParams<K>, signal?: AbortSignal): Promise<PanelResult<K>>;
}

/** Any thrown value as a problem. */
export function problemOf(thrown: unknown): Problem {
  const { problem } = (thrown ?? {}) as { problem?: Problem };
  if (problem !== undefined) return problem;
  return { code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) };
}
