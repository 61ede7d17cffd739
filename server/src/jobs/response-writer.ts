import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ResponseLine } from "#protocol/files/shards.ts";
import { crashPoint } from "../files/crash-point.ts";
import { syncDirectory } from "../files/durable.ts";
import { createShardPlan, shardName } from "../requests/shard-plan.ts";
import { type AppendFile, openAppend } from "./append-file.ts";
import { JOB } from "./layout.ts";

/** Writes response lines: each is in its file before `write` returns, and durable after the next `sync`. */
export interface ResponseWriter {
  write(line: ResponseLine): void;
  /** Resolves when everything written before the call is durable. */
  sync(): Promise<void>;
  close(): void;
}

export function openResponses(dir: string, last: { shard: number; lines: number; bytes: number }): ResponseWriter {
  const folder = join(dir, JOB.out);
  mkdirSync(folder, { recursive: true });
  const plan = createShardPlan(last);
  let shard = -1;
  let file: AppendFile | null = null;
  let dirty = false;

  const open = (number: number): AppendFile => {
    // A full shard is durable before the next one begins, so only the last one can ever be torn.
    file?.syncNow();
    file?.close();
    shard = number;
    crashPoint("before a response shard is opened");
    file = openAppend(join(folder, shardName("responses", number)));
    syncDirectory(folder);
    return file;
  };

  return {
    write(line) {
      const text = `${JSON.stringify(line)}\n`;
      const to = plan.place(Buffer.byteLength(text));
      const target = file === null || to !== shard ? open(to) : file;
      target.append(text);
      dirty = true;
    },
    async sync() {
      if (!dirty || file === null) return;
      dirty = false;
      crashPoint("before the responses are synced");
      try {
        await file.sync();
      } catch (error) {
        dirty = true;
        throw error;
      }
      crashPoint("after the responses are synced");
    },
    close() {
      file?.close();
      file = null;
    },
  };
}
