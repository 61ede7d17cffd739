import { basename } from "node:path";
import type { Problem } from "#protocol/errors.ts";
import { ResponseLine } from "#protocol/files/shards.ts";
import { objectIn } from "../files/json.ts";
import { costOf, type Price } from "../requests/estimate.ts";
import { createKeySet, type KeySet } from "../requests/key-set.ts";
import { shardNumber } from "../requests/shard-plan.ts";
import { readRequests, readResponses, skippedKeys } from "./answered.ts";
import { openAppend } from "./append-file.ts";
import { shardFiles } from "./layout.ts";
import { usageOf } from "./usage-of.ts";

/** What a job directory holds when a run begins. */
export interface Recovered {
  keys: KeySet;
  /** By key number: whether the request has its answer. */
  answered: Uint8Array;
  count: number;
  /** Where the last response shard stands. */
  last: { shard: number; lines: number; bytes: number };
  /** What the answers cost, and their completion tokens. */
  spent: number;
  tokens: number;
}

/**
 * Reads what earlier runs left and cuts off (or closes) the torn last line of each response shard. Lines that do not
 * belong are reported and left where they are: they are nobody's answer, and no reader counts them.
 */
export async function recover(dir: string, price: Price | undefined, warn: (problem: Problem) => void): Promise<Recovered> {
  const keys = createKeySet();
  for await (const { line } of readRequests(dir)) keys.add(line.custom_id);
  for (const file of shardFiles(dir, "responses")) if (!file.endsWith(".gz")) openAppend(file, isResponse).close();
  const found: Recovered = {
    keys,
    answered: new Uint8Array(keys.size),
    count: 0,
    last: { shard: 0, lines: 0, bytes: 0 },
    spent: 0,
    tokens: 0,
  };
  const mark = (number: number) => {
    if (found.answered[number] === 1) return false;
    found.answered[number] = 1;
    found.count++;
    return true;
  };
  for await (const { value, key, file, line, end } of readResponses(dir)) {
    const shard = shardNumber("responses", basename(file)) ?? 0;
    found.last = { shard, lines: line, bytes: end };
    const where = { file, line };
    if (value === null || key === null) {
      warn({ code: "job/torn-line", message: "A line among the responses cannot be read; its request is asked again", where });
      continue;
    }
    const number = keys.find(key);
    if (number < 0) {
      warn({ code: "job/foreign-line", message: "A line among the responses belongs to no request of this job", where, data: { key } });
      continue;
    }
    if (!mark(number)) {
      warn({ code: "job/foreign-line", message: "A request is answered twice; the first answer counts", where, data: { key } });
      continue;
    }
    const usage = usageOf(value);
    if (usage === null) continue;
    found.spent += costOf(usage, price);
    found.tokens += usage.completion;
  }
  const files = shardFiles(dir, "responses");
  const newest = files.at(-1);
  const shard = newest === undefined ? 0 : (shardNumber("responses", basename(newest)) ?? 0);
  // An empty or a packed last shard: the next line opens it, or one behind it.
  if (newest?.endsWith(".gz")) found.last = { shard: shard + 1, lines: 0, bytes: 0 };
  else if (shard !== found.last.shard) found.last = { shard, lines: 0, bytes: 0 };
  for await (const key of skippedKeys(dir)) {
    const number = keys.find(key);
    if (number >= 0) mark(number);
  }
  return found;
}

/** Whether a text is a whole response line that only lacks its newline. */
function isResponse(text: string): boolean {
  return ResponseLine.safeParse(objectIn(text)).success;
}
