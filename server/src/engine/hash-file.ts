import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

interface Entry {
  size: number;
  mtimeMs: number;
  sha256: string;
}

/** sha256 of a file, hex. Reads it in pieces. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, signal === undefined ? {} : { signal })) hash.update(piece);
  return hash.digest("hex");
}

/** The same, remembered by path, size and time of change: a model of many gigabytes is read once, not at every start. */
export async function cachedHash(cacheDir: string, path: string, signal?: AbortSignal): Promise<string> {
  const file = resolve(path);
  const { size, mtimeMs } = await stat(file);
  const known = (await readHashes(cacheDir))[file];
  if (known?.size === size && known.mtimeMs === mtimeMs) return known.sha256;
  const sha256 = await hashFile(file, signal);
  const all = await readHashes(cacheDir);
  all[file] = { size, mtimeMs, sha256 };
  await mkdir(cacheDir, { recursive: true });
  const next = join(cacheDir, `hashes.json.tmp-${randomUUID()}`);
  await writeFile(next, JSON.stringify(all, null, 1));
  await rename(next, join(cacheDir, "hashes.json"));
  return sha256;
}

/** The hash of a file as far as it is remembered; null where the file would have to be read, or is none. */
export async function knownHash(cacheDir: string, path: string): Promise<string | null> {
  const file = resolve(path);
  const known = (await readHashes(cacheDir))[file];
  if (known === undefined) return null;
  try {
    const { size, mtimeMs } = await stat(file);
    return known.size === size && known.mtimeMs === mtimeMs ? known.sha256 : null;
  } catch {
    // It is gone; whoever asks the model says so.
    return null;
  }
}

/** A list that is not there or not readable is only a list that must be made again. */
async function readHashes(cacheDir: string): Promise<Record<string, Entry>> {
  try {
    return JSON.parse(await readFile(join(cacheDir, "hashes.json"), "utf8"));
  } catch {
    return {};
  }
}
