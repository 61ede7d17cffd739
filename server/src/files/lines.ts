import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { fail } from "#protocol/errors.ts";

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;

export interface Line {
  /** Without its newline; null where it is longer than the limit. */
  bytes: Buffer | null;
  /** Where it begins in the (uncompressed) file. */
  position: number;
  /** Bytes without the newline. */
  length: number;
  /** Counted from 1. */
  number: number;
  /** Whether a newline ends it; only the last line of a file may have none. */
  complete: boolean;
}

export interface LineOptions {
  /** Byte and line (lines before it) to begin at; both of the uncompressed file. */
  position?: number;
  line?: number;
  /** Read no further than this byte. */
  end?: number;
  /** Longer lines come without their bytes; absent where nothing is too long. */
  limit?: number;
}

/** The lines of a file or a gzip file by batches, in memory that depends on `limit` and not on the file. */
export async function* readLines(
  path: string,
  { position = 0, line = 0, end, limit = Number.POSITIVE_INFINITY }: LineOptions = {},
): AsyncGenerator<Line[]> {
  let kept: Buffer[] = [];
  let length = 0;
  let start = position;
  let number = line;
  const take = (complete: boolean): Line => {
    const bytes = length > limit ? null : kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
    number += 1;
    const taken = { bytes, position: start, length, number, complete };
    start += length + 1;
    kept = [];
    length = 0;
    return taken;
  };
  const keep = (piece: Buffer) => {
    length += piece.length;
    if (length > limit) kept = [];
    else kept.push(piece);
  };
  for await (const chunk of readChunks(path, position, end)) {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, at));
      lines.push(take(true));
      from = at + 1;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (length > 0) yield [take(false)];
}

/** Whether a file begins as gzip does (RFC 1952). */
export async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** The bytes of a file from `position` up to `end`, uncompressed. */
export async function* readChunks(path: string, position = 0, end = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
  if (await isGzip(path)) yield* gunzipped(path, position, end);
  else yield* plain(path, position, end);
}

async function* plain(path: string, position: number, end: number): AsyncGenerator<Buffer> {
  const file = await open(path, "r");
  try {
    for (let at = position; at < end; ) {
      const wanted = Math.min(CHUNK_BYTES, end - at);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* gunzipped(path: string, position: number, end: number): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES / 4 });
  const stream = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on("error", (error) => stream.destroy(error));
  let at = 0;
  try {
    for await (const chunk of file.pipe(stream) as AsyncIterable<Buffer>) {
      const from = Math.max(0, position - at);
      const to = Math.min(chunk.length, end - at);
      at += chunk.length;
      if (from < to) yield chunk.subarray(from, to);
      if (at >= end) return;
    }
  } catch (thrown) {
    if (!String((thrown as NodeJS.ErrnoException).code).startsWith("Z_")) throw thrown;
    throw fail("import/unreadable", "The gzip file is damaged or incomplete", {
      where: { file: path },
      remedy: "Fetch or compress it again.",
      cause: thrown,
    });
  } finally {
    file.destroy();
    stream.destroy();
  }
}

/** `length` bytes at `position`. */
export async function readAt(path: string, position: number, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of readChunks(path, position, position + length)) pieces.push(chunk);
  return Buffer.concat(pieces);
}
