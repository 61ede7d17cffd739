import { join } from "node:path";
import type { RunningJob } from "#protocol/messages/generate.ts";
import type { App } from "../app.ts";
import { jobsDirectory } from "../jobs/layout.ts";
import { readJob } from "../jobs/read-job.ts";
import { jobState, mayRun } from "../jobs/state.ts";
import { lastProgress } from "./follow.ts";

/** Projects whose jobs were all taken in once; after that the watch over them tells of new ones. */
const known = new WeakSet<object>();

/** The project's jobs that run now, wherever they were started. */
export async function runningJobs(app: Pick<App, "store" | "projectDir" | "catchUp">, signal: AbortSignal): Promise<RunningJob[]> {
  const { store, projectDir } = app;
  if (!known.has(app)) await app.catchUp(signal);
  known.add(app);
  const running: RunningJob[] = [];
  for (const job of await store.read("unfinishedJobs", null)) {
    const dir = join(jobsDirectory(projectDir), job);
    const observed = await jobState(dir);
    const { started } = observed;
    if (!mayRun(observed) || started === null || started === "unreadable") continue;
    const { spec, requests } = readJob(dir);
    const done = (await lastProgress(dir))?.done ?? 0;
    running.push({ job, dataset: spec.dataset, endpoint: spec.endpoint.name, done, total: requests, started: started.started });
  }
  return running;
}
