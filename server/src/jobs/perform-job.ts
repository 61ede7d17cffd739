import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Problem, toProblem } from "#protocol/errors.ts";
import type { JobFile } from "#protocol/files/job.ts";
import { classify } from "../endpoints/classify.ts";
import { retryClass, waitSeconds } from "../endpoints/retry.ts";
import { type EventLog, openEventLog } from "./event-log.ts";
import { JOB } from "./layout.ts";
import { openModel, type StartEmbedded } from "./open-model.ts";
import { type Ownership, ownDirectory } from "./own-directory.ts";
import { readJob } from "./read-job.ts";
import { type DeltaListener, runSend } from "./run-send.ts";
import { ofDisk } from "./send-ending.ts";

/** How a run of a job is stopped from outside. */
export interface Controls {
  stop: AbortController;
  abort: AbortController;
  /** Nothing starts any more; after `grace` milliseconds what is in flight is given up. */
  halt(grace: number): void;
}

/** Answers that are on their way, and paid, get as long to arrive where nobody watches. */
export const GRACE_MS = 3_000;

export function createControls(): Controls {
  const stop = new AbortController();
  const abort = new AbortController();
  return {
    stop,
    abort,
    halt(grace) {
      stop.abort();
      if (grace === 0) abort.abort();
      else setTimeout(() => abort.abort(), grace).unref();
    },
  };
}

export interface JobRun {
  controls: Controls;
  /** Where a key is found: the environment variables that jobs name. */
  env: NodeJS.ProcessEnv;
  startEngine: StartEmbedded;
  /** Told what cannot be told in the job's own files. */
  report(problem: Problem): void;
  /** The directory is ours from here on, and `job` is what it holds. */
  onOwned?(job: JobFile): void;
  onDelta?: DeltaListener;
  /** The process does other things, too: it must not get signals that are meant for the job. */
  shared?: boolean;
}

/**
 * Asks what is missing in a job directory and says in its files how that went.
 * @returns the exit code: 0 (all answered), 1 (failed, events.jsonl says why), 75 (stopped on request, run me again)
 * @throws job/busy and others where the directory is not ours; its files have not been touched then
 */
export async function performJob(dir: string, run: JobRun): Promise<number> {
  const owned = await ownDirectory(dir, { shared: run.shared === true });
  let code = 1;
  try {
    // Read only now: whoever owned it before may have been given other settings.
    const job = readJob(dir);
    run.onOwned?.(job);
    code = await withEvents(dir, job, owned, run);
  } catch (error) {
    run.report(ofDisk(toProblem(error)));
  }
  try {
    owned.end(code, null);
  } catch (error) {
    run.report(ofDisk(toProblem(error)));
    return 1;
  }
  return code;
}

async function withEvents(dir: string, job: JobFile, owned: Ownership, run: JobRun): Promise<number> {
  const events = openEventLog(dir, Date.now);
  try {
    const ending = await send(dir, job, events, run).catch((error) => ({
      code: 1,
      problem: ofDisk(toProblem(error)),
      done: undefined,
      total: undefined,
      cost: undefined,
    }));
    if (ending.problem !== null) {
      owned.freeReserve();
      run.report(ending.problem);
      events.error(ending.problem);
    }
    const { code, done, total, cost } = ending;
    events.write({ event: "end", code, ...(done === undefined ? {} : { done, total }), ...(cost === undefined ? {} : { cost }) });
    return code;
  } finally {
    events.close();
  }
}

async function send(dir: string, job: JobFile, events: EventLog, run: JobRun) {
  const { stop, abort, halt } = run.controls;
  const watch = setInterval(() => {
    if (!stop.signal.aborted && existsSync(join(dir, JOB.stop))) halt(job.spec.stream ? 0 : GRACE_MS);
  }, 500);
  try {
    const model = openModel(job.spec, { events, signal: abort.signal, env: run.env, start: run.startEngine });
    try {
      return await runSend({
        dir,
        job,
        ask: model.ask,
        judge(error) {
          const problem = classify(error);
          const seconds = waitSeconds(problem);
          return { problem, class: retryClass(problem), wait: seconds === null ? null : seconds * 1000 };
        },
        events,
        stop: stop.signal,
        abort,
        ...(run.onDelta === undefined ? {} : { onDelta: run.onDelta }),
        now: () => performance.now(),
        wallClock: () => new Date(),
        random: Math.random,
      });
    } finally {
      await model.close();
    }
  } finally {
    clearInterval(watch);
  }
}
