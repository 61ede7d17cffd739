import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { formatProblem, type Problem, toProblem } from "#protocol/errors.ts";
import type { JobFile } from "#protocol/files/job.ts";
import { classify } from "./endpoints/classify.ts";
import { retryClass, waitSeconds } from "./endpoints/retry.ts";
import { type EventLog, openEventLog } from "./jobs/event-log.ts";
import { JOB } from "./jobs/layout.ts";
import { openModel } from "./jobs/open-model.ts";
import { type Ownership, ownDirectory } from "./jobs/own-directory.ts";
import { readJob } from "./jobs/read-job.ts";
import { runSend } from "./jobs/run-send.ts";
import { ofDisk } from "./jobs/send-ending.ts";
import { startForJob } from "./runs/embedded.ts";

/**
 * The face of a job: `node send.js DIR` asks what is missing in a job directory and ends with 0 (all answered),
 * 1 (failed, events.jsonl says why), 75 (stopped on request, run me again) or 2 (wrong call).
 */
const GRACE_MS = 3_000;

const [directory, ...rest] = process.argv.slice(2);
if (directory === undefined || rest.length > 0) {
  process.stderr.write("usage: node send.js DIR\n  DIR: the directory of a job, with its job.json\n");
  process.exit(2);
}
process.exit(await main(resolve(directory)));

async function main(dir: string): Promise<number> {
  let owned: Ownership;
  let job: JobFile;
  let controls: Controls;
  try {
    job = readJob(dir);
    controls = listen(job.spec.stream);
    owned = await ownDirectory(dir);
  } catch (error) {
    // The directory is not ours, so its files are not touched.
    report(ofDisk(toProblem(error)));
    return 1;
  }
  let code = 1;
  try {
    code = await withEvents(dir, job, owned, controls);
  } catch (error) {
    report(ofDisk(toProblem(error)));
  }
  try {
    owned.end(code, null);
  } catch (error) {
    report(ofDisk(toProblem(error)));
    return 1;
  }
  return code;
}

async function withEvents(dir: string, job: JobFile, owned: Ownership, controls: Controls): Promise<number> {
  const events = openEventLog(dir, Date.now);
  try {
    const ending = await send(dir, job, events, controls).catch((error) => ({
      code: 1,
      problem: ofDisk(toProblem(error)),
      done: undefined,
      total: undefined,
      cost: undefined,
    }));
    if (ending.problem !== null) {
      owned.freeReserve();
      report(ending.problem);
      events.error(ending.problem);
    }
    const { code, done, total, cost } = ending;
    events.write({ event: "end", code, ...(done === undefined ? {} : { done, total }), ...(cost === undefined ? {} : { cost }) });
    return code;
  } finally {
    events.close();
  }
}

interface Controls {
  stop: AbortController;
  abort: AbortController;
  /** Nothing starts any more; after `grace` milliseconds what is in flight is given up. */
  halt(grace: number): void;
}

/**
 * From here on a signal stops the run in order. Whoever presses Ctrl-C or watches a stream waits for nothing; any other
 * SIGTERM leaves answers that are on their way, and paid, a moment to arrive; a second one does not.
 */
function listen(stream: boolean): Controls {
  const stop = new AbortController();
  const abort = new AbortController();
  const halt = (grace: number) => {
    stop.abort();
    if (grace === 0) abort.abort();
    else setTimeout(() => abort.abort(), grace).unref();
  };
  process.on("SIGINT", () => halt(0));
  process.on("SIGTERM", () => halt(stream || stop.signal.aborted ? 0 : GRACE_MS));
  return { stop, abort, halt };
}

async function send(dir: string, job: JobFile, events: EventLog, { stop, abort, halt }: Controls) {
  const watch = setInterval(() => {
    if (!stop.signal.aborted && existsSync(join(dir, JOB.stop))) halt(job.spec.stream ? 0 : GRACE_MS);
  }, 500);
  const model = openModel(job.spec, events, abort.signal, startForJob);
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
      now: () => performance.now(),
      wallClock: () => new Date(),
      random: Math.random,
    });
  } finally {
    clearInterval(watch);
    await model.close();
  }
}

function report(problem: Problem): void {
  process.stderr.write(`${formatProblem(problem)}\n`);
}
