import { stat } from "node:fs/promises";
import { relative, sep } from "node:path";
import { shardFiles } from "../jobs/layout.ts";

export interface Shard {
  /** Relative to the job directory, without the `.gz` that it gets when it is rolled. */
  name: string;
  /** Where it lies now. */
  path: string;
}

/** The shards of one kind, in order. Where a shard lies both plain and compressed, the plain one counts. */
export function listShards(jobDir: string, kind: "requests" | "index" | "responses"): Shard[] {
  const found = new Map<string, Shard>();
  for (const path of shardFiles(jobDir, kind)) {
    const name = relative(jobDir, path).split(sep).join("/").replace(/\.gz$/, "");
    if (!found.has(name)) found.set(name, { name, path });
  }
  return [...found.values()];
}

/** Bytes that may be read of a plain shard; null for a compressed one, which is complete and tells no uncompressed size. */
export async function shardSize({ path }: Shard): Promise<number | null> {
  return path.endsWith(".gz") ? null : (await stat(path)).size;
}
