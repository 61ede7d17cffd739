import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";

/**
 * The request key (design, section 3), 64 hex digits: sha256 over model identity, canonical wire body without `stream`
 * and `stream_options`, and sample index, each part closed by a newline, which none of them can hold unescaped.
 */
export function requestKey(modelIdentity: string, body: Record<string, unknown>, sample: number): string {
  const { stream: _stream, stream_options: _options, ...kept } = body;
  return createHash("sha256")
    .update(`${JSON.stringify(modelIdentity)}\n${canonicalJson(kept)}\n${sample}\n`)
    .digest("hex");
}
