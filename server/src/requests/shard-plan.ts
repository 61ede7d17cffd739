import { SHARD_MAX_BYTES, SHARD_MAX_LINES } from "#protocol/limits.ts";

export interface ShardPlan {
  /** The shard that a line of so many bytes (its newline included) goes to, from 0. A line too long for any shard has one of its own. */
  place(bytes: number): number;
}

/** Rolls shards at the limits of the format. `shard`, `lines` and `bytes` say where an interrupted writer stood. */
export function createShardPlan(
  start: { shard: number; lines: number; bytes: number } = { shard: 0, lines: 0, bytes: 0 },
  limits: { lines: number; bytes: number } = { lines: SHARD_MAX_LINES, bytes: SHARD_MAX_BYTES },
): ShardPlan {
  let { shard, lines, bytes } = start;
  return {
    place(more) {
      if (lines > 0 && (lines >= limits.lines || bytes + more > limits.bytes)) {
        shard++;
        lines = 0;
        bytes = 0;
      }
      lines++;
      bytes += more;
      return shard;
    },
  };
}

/** `requests-00000.jsonl`, `responses-00012.jsonl`, … */
export function shardName(kind: "requests" | "index" | "responses", shard: number): string {
  return `${kind}-${String(shard).padStart(5, "0")}.jsonl`;
}

/** The number in a shard's name (gzip or not), or null where the name is not a shard of that kind. */
export function shardNumber(kind: "requests" | "index" | "responses", name: string): number | null {
  const match = /^(\w+)-(\d{5,})\.jsonl(?:\.gz)?$/.exec(name);
  return match?.[1] === kind ? Number(match[2]) : null;
}
