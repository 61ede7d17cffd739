import { closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { crashPoint } from "../files/crash-point.ts";
import { writeAll } from "../files/durable.ts";
import { shardName } from "../requests/shard-plan.ts";

const BUFFER_BYTES = 256 * 1024;

/** Writes the shards of a new job directory, which nobody reads before it is finished: buffered, synced when a shard is full. */
export function createShardWriter(directory: string, kind: "requests" | "index") {
  let shard = -1;
  let fd = -1;
  let parts: string[] = [];
  let held = 0;

  const flush = () => {
    if (held > 0) writeAll(fd, Buffer.from(parts.join("")));
    parts = [];
    held = 0;
  };
  const close = () => {
    if (fd < 0) return;
    flush();
    crashPoint("shard written");
    fsyncSync(fd);
    closeSync(fd);
    fd = -1;
  };

  return {
    /** `line` ends with its newline. */
    write(to: number, line: string) {
      if (to !== shard) {
        close();
        shard = to;
        fd = openSync(join(directory, shardName(kind, shard)), "wx");
      }
      parts.push(line);
      held += line.length;
      if (held >= BUFFER_BYTES) flush();
    },
    close,
  };
}
