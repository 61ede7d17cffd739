/** A message of the helper: a line of JSON and as many raw bytes after it as its member `bytes` says. */
export interface Frame {
  head: Record<string, unknown>;
  data: Buffer;
}

export function encodeFrame(head: Record<string, unknown>, data: Uint8Array | null): Buffer[] {
  const line = Buffer.from(`${JSON.stringify(data === null ? head : { ...head, bytes: data.byteLength })}\n`);
  return data === null ? [line] : [line, Buffer.from(data.buffer, data.byteOffset, data.byteLength)];
}

const NEWLINE = 10;

/**
 * Puts messages together from the pieces in which they arrive. Lines before the first message that has `first` as a member are what a
 * login shell prints, and go to `noise`; after it a line that is no message ends the conversation: the reader throws.
 */
export function createFrameReader(first: string, take: (frame: Frame) => void, noise: (line: string) => void) {
  let parts: Buffer[] = [];
  let greeted = false;
  /** The message whose bytes are still coming, and how many. */
  let head: Record<string, unknown> | null = null;
  let wanted = 0;
  let held = 0;

  const collected = (): Buffer => {
    const all = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts = [];
    held = 0;
    return all;
  };
  const keep = (piece: Buffer) => {
    parts.push(piece);
    held += piece.length;
  };
  const line = (text: string) => {
    const value = parse(text);
    if (!greeted && (value === null || !(first in value))) return noise(text);
    if (value === null) throw new Error(`no message: ${text.slice(0, 200)}`);
    greeted = true;
    const bytes = typeof value.bytes === "number" ? value.bytes : 0;
    if (bytes === 0) return take({ head: value, data: Buffer.alloc(0) });
    head = value;
    wanted = bytes;
  };

  return (chunk: Buffer) => {
    let at = 0;
    while (at < chunk.length) {
      if (head !== null) {
        const piece = chunk.subarray(at, at + wanted - held);
        keep(piece);
        at += piece.length;
        if (held < wanted) continue;
        const whole = { head, data: collected() };
        head = null;
        take(whole);
        continue;
      }
      const end = chunk.indexOf(NEWLINE, at);
      keep(chunk.subarray(at, end === -1 ? chunk.length : end));
      at = end === -1 ? chunk.length : end + 1;
      if (end !== -1) line(collected().toString("utf8"));
    }
  };
}

function parse(text: string): Record<string, unknown> | null {
  if (!text.startsWith("{")) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
