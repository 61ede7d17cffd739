import { createWriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";

const END = 0x06054b50;
const CENTRAL = 0x02014b50;

/**
 * Writes the first entry whose name ends as given into a file, in pieces (APPNOTE of the ZIP format, sections 4.3 and 4.4). Stored and
 * deflated entries below 4 GiB; that is what Python packages are.
 * @throws Error where the archive is cut, or has no such entry
 */
export async function unzipEntry(archive: string, nameEnd: string, target: string, signal?: AbortSignal): Promise<void> {
  const handle = await open(archive);
  try {
    const entry = await findEntry(handle, nameEnd);
    const header = await read(handle, entry.offset, 30);
    const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    const packed = handle.createReadStream({ start, end: start + entry.packedBytes - 1, autoClose: false });
    const unpack = entry.method === 8 ? createInflateRaw() : new Transform({ transform: (piece, _encoding, done) => done(null, piece) });
    await pipeline(packed, unpack, createWriteStream(target), signal === undefined ? {} : { signal });
  } finally {
    await handle.close();
  }
}

export interface ArchiveEntry {
  name: string;
  bytes: number;
  packedBytes: number;
  offset: number;
  method: number;
}

/**
 * What an archive holds, in its order.
 * @throws Error where the archive is cut
 */
export async function listArchive(archive: string): Promise<ArchiveEntry[]> {
  const handle = await open(archive);
  try {
    return await readEntries(handle);
  } finally {
    await handle.close();
  }
}

async function findEntry(handle: FileHandle, nameEnd: string): Promise<ArchiveEntry> {
  const entry = (await readEntries(handle)).find(({ name }) => name.endsWith(nameEnd));
  if (entry === undefined) throw new Error(`the archive has no entry …${nameEnd}`);
  return entry;
}

async function readEntries(handle: FileHandle): Promise<ArchiveEntry[]> {
  const { size } = await handle.stat();
  const tail = await read(handle, Math.max(0, size - 66_000), Math.min(size, 66_000));
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
  if (end < 0) throw new Error("the archive has no end: it is cut or no ZIP file");
  const directory = await read(handle, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries: ArchiveEntry[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === CENTRAL; ) {
    const nameBytes = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString("utf8", at + 46, at + 46 + nameBytes),
      bytes: directory.readUInt32LE(at + 24),
      packedBytes: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
      method: directory.readUInt16LE(at + 10),
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function read(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, position);
  if (bytesRead < bytes) throw new Error("the archive is shorter than it says");
  return buffer;
}
