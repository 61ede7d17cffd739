import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Problem, toProblem } from "#protocol/errors.ts";
import { JOB, jobsDirectory } from "../jobs/layout.ts";
import { jobState, mayRun } from "../jobs/state.ts";
import type { CorpusStore } from "../thread.ts";
import { eventsSize, followJob } from "./follow.ts";

export interface JobWatch {
  projectDir: string;
  store: CorpusStore;
  /** Rows of a dataset have come. */
  onRows(dataset: string): void;
  report(problem: Problem): void;
  signal: AbortSignal;
}

/** Milliseconds between two looks: for jobs that have begun, and at one that runs. */
const LOOK_MS = 1_000;
const FOLLOW_MS = 400;

/**
 * Takes in what jobs write while they run, whoever started them: an earlier window, another one, the terminal. Looks at the folder
 * of the jobs and at those that have unanswered requests, because file systems of clusters tell nobody when a file grows.
 */
export async function watchJobs({ projectDir, store, onRows, report, signal }: JobWatch): Promise<void> {
  const folder = jobsDirectory(projectDir);
  const seen = new Set<string>();
  /** Jobs with unanswered requests, and when each was started as far as we have looked. */
  const unfinished = new Map<string, number>();
  const following = new Set<string>();
  const told = new Set<string>();
  let stamp = 0;
  let first = true;

  const ingest = async (dir: string): Promise<void> => {
    const { rows, dataset } = await store.write("ingestJob", { dir, live: true }, { signal });
    if (rows > 0) onRows(dataset);
  };

  const follow = async (id: string): Promise<void> => {
    const dir = join(folder, id);
    following.add(id);
    try {
      await followJob({ dir, ingest: () => ingest(dir), onEvent: () => {}, eventsFrom: await eventsSize(dir), signal, every: FOLLOW_MS });
    } finally {
      following.delete(id);
    }
  };

  const look = async (): Promise<void> => {
    const now = await modified(folder);
    if (now !== stamp) {
      for (const id of await readdir(folder).catch(() => [])) {
        if (id.startsWith(".") || seen.has(id)) continue;
        // What lies there at the start is taken in by whoever lists the datasets.
        if (!first) await ingest(join(folder, id));
        seen.add(id);
      }
      for (const id of await store.read("unfinishedJobs", null, { signal })) if (!unfinished.has(id)) unfinished.set(id, -1);
      stamp = now;
    }
    first = false;
    for (const [id, started] of unfinished) {
      if (following.has(id)) continue;
      const begun = await modified(join(folder, id, JOB.started));
      if (begun === started) continue;
      unfinished.set(id, begun);
      const { state, alive } = await jobState(join(folder, id));
      if (mayRun({ state, alive })) void follow(id).catch(fail);
    }
  };

  const fail = (thrown: unknown) => {
    const problem = toProblem(thrown);
    if (signal.aborted || problem.code === "cancelled") return;
    // The same fault comes every second; once is enough.
    if (!told.has(problem.code)) report({ ...problem, where: { file: basename(folder), ...problem.where } });
    told.add(problem.code);
  };

  while (!signal.aborted) {
    await look().catch(fail);
    await wait(LOOK_MS, undefined, { signal, ref: false }).catch(() => {});
  }
}

/** When something was last changed; 0 where it is not there. */
const modified = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.mtimeMs ?? 0;
