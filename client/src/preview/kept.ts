import type { KeptPreview } from "#protocol/panels.ts";

/** What a webview kept over a reload of the window, as far as it makes sense: the file is another version's, perhaps. */
export function readKept(state: unknown): KeptPreview {
  const kept = member(state, "host");
  const uri = member(kept, "uri");
  const seed = member(kept, "seed");
  const [dataset, id] = [member(seed, "dataset"), member(seed, "id")];
  const endpoint = member(kept, "endpoint");
  return {
    uri: typeof uri === "string" && /^(?:file|untitled):/.test(uri) ? uri : null,
    seed: typeof dataset === "string" && typeof id === "string" && /^[0-9a-f]{24}$/.test(id) ? { dataset, id } : null,
    endpoint: typeof endpoint === "string" ? endpoint : null,
    pinned: member(kept, "pinned") === true,
  };
}

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
