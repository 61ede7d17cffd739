import { resolve } from "node:path";
import { formatProblem, type Problem, toProblem } from "#protocol/errors.ts";
import { createControls, GRACE_MS, performJob } from "./jobs/perform-job.ts";
import { readJob } from "./jobs/read-job.ts";
import { ofDisk } from "./jobs/send-ending.ts";
import { startForJob } from "./runs/embedded.ts";

/**
 * The face of a job: `node send.js DIR` asks what is missing in a job directory and ends with 0 (all answered),
 * 1 (failed, events.jsonl says why), 75 (stopped on request, run me again) or 2 (wrong call).
 */
const [directory, ...rest] = process.argv.slice(2);
if (directory === undefined || rest.length > 0) {
  process.stderr.write("usage: node send.js DIR\n  DIR: the directory of a job, with its job.json\n");
  process.exit(2);
}
process.exit(await main(resolve(directory)));

async function main(dir: string): Promise<number> {
  try {
    const { spec } = readJob(dir);
    const controls = createControls();
    // Whoever presses Ctrl-C or watches a stream waits for nothing; any other SIGTERM leaves answers a moment, a second one does not.
    process.on("SIGINT", () => controls.halt(0));
    process.on("SIGTERM", () => controls.halt(spec.stream || controls.stop.signal.aborted ? 0 : GRACE_MS));
    return await performJob(dir, { controls, env: process.env, startEngine: startForJob, report });
  } catch (error) {
    // The directory is not ours, so its files are not touched.
    report(ofDisk(toProblem(error)));
    return 1;
  }
}

function report(problem: Problem): void {
  process.stderr.write(`${formatProblem(problem)}\n`);
}
