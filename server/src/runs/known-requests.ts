import { basename, join } from "node:path";
import { readRequests, type StoredRequest } from "../jobs/answered.ts";
import { jobsDirectory } from "../jobs/layout.ts";
import { jobState, mayRun } from "../jobs/state.ts";
import type { RunPorts } from "./ports.ts";

/** Keys are looked up in lots. */
const LOOKED_UP = 500;

/**
 * Ids of jobs whose process lives, or may live on another machine. One that has ended since everything was taken in is taken in
 * once more: its last answers are paid for.
 */
export async function livingJobs({ store, projectDir }: RunPorts): Promise<Set<string>> {
  const living = new Set<string>();
  for (const id of await store.read("unfinishedJobs", null)) {
    const dir = join(jobsDirectory(projectDir), id);
    if (mayRun(await jobState(dir))) living.add(id);
    else await store.write("ingestJob", { dir });
  }
  return living;
}

/** What is known about the requests of a job, counted while its skip list is gone through. */
export interface Found {
  answered: number;
  missing: number;
  others: Map<string, number>;
}

/** Keys that the job need not ask though its own shards hold no answer: answered in another job, or being asked by a living one. */
export async function* skippable(
  { store }: RunPorts,
  { dir, living, found, signal }: { dir: string; living: ReadonlySet<string>; found: Found; signal: AbortSignal },
): AsyncGenerator<string> {
  const job = basename(dir);
  for await (const keys of inLots(readRequests(dir))) {
    signal.throwIfAborted();
    const known = await store.read("knownKeys", { keys, job });
    const answered = new Set(known.answered);
    const own = new Set(known.own);
    const elsewhere = new Map<string, string>();
    for (const { key, job: other } of known.open) if (other !== job && living.has(other)) elsewhere.set(key, other);
    for (const key of keys) {
      const other = elsewhere.get(key);
      if (answered.has(key)) found.answered++;
      else if (other !== undefined) found.others.set(other, (found.others.get(other) ?? 0) + 1);
      else found.missing++;
      if ((answered.has(key) && !own.has(key)) || other !== undefined) yield key;
    }
  }
}

async function* inLots(requests: AsyncIterable<StoredRequest>): AsyncGenerator<string[]> {
  let lot: string[] = [];
  for await (const { line } of requests) {
    lot.push(line.custom_id);
    if (lot.length < LOOKED_UP) continue;
    yield lot;
    lot = [];
  }
  yield lot;
}
