import type { Usage } from "#protocol/corpus.ts";
import { readUsage } from "../endpoints/usage.ts";

/** The tokens that a response line says it took, or null. */
export function usageOf(line: Record<string, unknown>): Usage | null {
  const response = line.response;
  if (typeof response !== "object" || response === null || !("body" in response)) return null;
  const body = response.body;
  return typeof body === "object" && body !== null ? readUsage(body as Record<string, unknown>) : null;
}
