import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";

export interface Line {
  text: string;
  /** From 1. */
  number: number;
  /** Bytes of the (unpacked) file up to and including this line. */
  end: number;
  /** Whether its newline is there. Only a last line may lack it. */
  complete: boolean;
}

/** Lines of a file, plain or `.gz`, in flat memory: a chunk and a line at a time. An empty file has none. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const unpacked = path.endsWith(".gz") ? createGunzip() : null;
  // An error of the file would otherwise not reach the reader of the unpacked stream.
  if (unpacked !== null) file.on("error", (error) => unpacked.destroy(error)).pipe(unpacked);
  let parts: Buffer[] = [];
  let number = 0;
  let end = 0;
  for await (const chunk of (unpacked ?? file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, newline);
      const bytes = parts.length === 0 ? piece : Buffer.concat([...parts, piece]);
      parts = [];
      end += bytes.length + 1;
      yield { text: bytes.toString("utf8"), number: ++number, end, complete: true };
      from = newline + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length === 0) return;
  const bytes = Buffer.concat(parts);
  yield { text: bytes.toString("utf8"), number: ++number, end: end + bytes.length, complete: false };
}

/** A JSON object in a line, or null where the line is anything else. */
export function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
