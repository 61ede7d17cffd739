import { join } from "node:path";
import type { RunningJob } from "#protocol/messages/generate.ts";
import type { App } from "../app.ts";
import { jobsDirectory } from "../jobs/layout.ts";
import { readJob } from "../jobs/read-job.ts";
import { jobState, mayRun } from "../jobs/state.ts";
import { lastProgress } from "./follow.ts";

/** The project's jobs that run now, wherever they were started. */
export async function runningJobs({ store, projectDir, catchUp }: Pick<App, "store" | "projectDir" | "catchUp">): Promise<RunningJob[]> {
  await catchUp(new AbortController().signal);
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
