import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface Shard {
  /** Relative to the job directory, without the `.gz` that it gets when it is rolled. */
  name: string;
  /** Where it lies now. */
  path: string;
}

/** The shards of one kind, in order. Where a shard lies both plain and compressed, the plain one counts. */
export async function listShards(jobDir: string, folder: "in" | "out", kind: "requests" | "index" | "responses"): Promise<Shard[]> {
  const found = new Map<string, Shard>();
  const names = await readdir(join(jobDir, folder)).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return [];
    throw thrown;
  });
  for (const file of names.sort()) {
    const match = /^([a-z]+)-\d+\.jsonl(\.gz)?$/.exec(file);
    if (match?.[1] !== kind) continue;
    const name = `${folder}/${file.replace(/\.gz$/, "")}`;
    if (!found.has(name)) found.set(name, { name, path: join(jobDir, folder, file) });
  }
  return [...found.values()];
}

/** Bytes that may be read of a plain shard; null for a compressed one, which is complete and tells no uncompressed size. */
export async function shardSize({ path }: Shard): Promise<number | null> {
  return path.endsWith(".gz") ? null : (await stat(path)).size;
}
