import { basename } from "node:path";
import type { Row } from "#protocol/corpus.ts";
import { AppError, fail } from "#protocol/errors.ts";
import type { EventLine } from "#protocol/files/events.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import type { TemplateSummary } from "../corpus/job-summary.ts";
import { spawnDetached } from "../hosts/here.ts";
import { readRequests } from "../jobs/answered.ts";
import { createJob, writeSkip } from "../jobs/create-job.ts";
import { jobsDirectory } from "../jobs/layout.ts";
import { withProjectLock } from "../jobs/project-lock.ts";
import { readJob } from "../jobs/read-job.ts";
import { jobState } from "../jobs/state.ts";
import { eventsSize, followJob, lastError } from "./follow.ts";
import { type PlanOptions, planLines } from "./plan.ts";
import type { RunPorts } from "./ports.ts";

export interface GenerateOptions extends PlanOptions {
  spec: SendSpec;
  /** Environment of the job's process: it holds the key that the spec names. */
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

export interface GenerateObserver {
  /** The job is known: how many requests it has, how many of them were answered before. */
  onPlan(plan: { job: string; dir: string; requests: number; answered: number; asking: number }): void;
  onRow(row: Row, seed: string | null): void;
  onEvent(event: EventLine): void;
  /** Another process is asking some of the same requests; its answers are waited for. */
  onWait(job: string, requests: number): void;
}

export interface GenerateReport {
  job: string;
  dir: string;
  dataset: string;
  requests: number;
  /** Answered before this run began. */
  reused: number;
  summary: TemplateSummary[];
}

/** A round of planning, decided while no other process of the project plans. */
interface Round {
  dir: string;
  requests: number;
  answered: number;
  /** Whether `send` was started (or runs already) for what is missing. */
  running: boolean;
  ours: boolean;
  eventsFrom: number;
  /** Living jobs that ask for some of our requests, with their numbers. */
  others: Map<string, number>;
}

/**
 * Generates: plans requests, makes (or finds) their job, starts `send` for what no one has answered, and takes the answers in
 * as they come. What was answered before is not asked again, and what another living process is asking is waited for.
 * @throws cancelled (the job has stopped in order), the job's own error, or any error of planning
 */
export async function generate(ports: RunPorts, options: GenerateOptions, observer: GenerateObserver): Promise<GenerateReport> {
  const { store } = ports;
  let reused: number | null = null;
  let dir: string | null = null;
  for (;;) {
    const round: Round = await withProjectLock(ports.projectDir, () => plan(ports, options, dir));
    dir = round.dir;
    const job = basename(dir);
    if (reused === null) {
      reused = round.answered;
      const waiting = [...round.others.values()].reduce((sum, count) => sum + count, 0);
      observer.onPlan({ job, dir: round.dir, requests: round.requests, answered: reused, asking: round.requests - reused - waiting });
    }
    const ingest = async () => {
      const report = await store.write("ingestJob", { dir: round.dir });
      for (const { row, seed } of report.added) observer.onRow(row, seed);
    };
    if (!round.running && round.others.size === 0) {
      await ingest();
      return {
        job,
        dir: round.dir,
        dataset: options.spec.dataset,
        requests: round.requests,
        reused,
        summary: await store.read("jobSummary", { job }),
      };
    }
    if (round.running) await followOwn(round, { ingest, observer, signal: options.signal });
    for (const [other, count] of round.others) {
      observer.onWait(other, count);
      const dir = `${jobsDirectory(ports.projectDir)}/${other}`;
      const takeIn = async () => void (await store.write("ingestJob", { dir }));
      await followJob({ dir, ingest: takeIn, onEvent: () => {}, eventsFrom: eventsSize(dir), signal: options.signal, stopOnAbort: false });
    }
  }
}

async function followOwn(
  round: Round,
  { ingest, observer, signal }: { ingest(): Promise<void>; observer: GenerateObserver; signal: AbortSignal },
): Promise<void> {
  const { dir, eventsFrom, ours } = round;
  const state = await followJob({ dir, ingest, onEvent: observer.onEvent, eventsFrom, signal, stopOnAbort: ours });
  if (state === "succeeded") return;
  const problem = await lastError(dir, eventsFrom);
  if (problem !== null) throw new AppError(problem);
  if (state === "stopped")
    throw fail("cancelled", "The job was stopped", { where: { file: dir }, remedy: "Run the same command again: it goes on from there." });
  throw fail("job/failed", `The job ended without saying why (${state})`, {
    where: { file: `${dir}/stderr.log` },
    remedy: "Look at that file; running the same command again asks only what is missing.",
  });
}

/**
 * Plans under the project's lock: everything on disk is taken in first, so that the index knows what was asked and answered.
 * `known`: the job's directory from the round before; the requests are chosen once.
 */
async function plan(ports: RunPorts, options: GenerateOptions, known: string | null): Promise<Round> {
  const { store, projectDir } = ports;
  await store.write("catchUp", {}, { signal: options.signal });
  const living = await livingJobs(ports);
  const { dir, job } =
    known === null
      ? await createJob({
          projectDir,
          spec: options.spec,
          requests: planLines(ports, options, living),
          templates: options.templates.map(({ sha256, source }) => ({ sha256, source })),
        })
      : { dir: known, job: readJob(known) };
  const eventsFrom = eventsSize(dir);
  if (living.has(job.id))
    return {
      dir,
      requests: job.requests,
      answered: (await states(ports, dir, living)).answered,
      running: true,
      ours: false,
      eventsFrom,
      others: new Map(),
    };
  await store.write("ingestJob", { dir });
  const found = await states(ports, dir, living);
  // Keys that stand in the skip list are never asked by this job while they stand there.
  writeSkip(dir, found.skip);
  const round = { dir, requests: job.requests, answered: found.answered, ours: true, eventsFrom, others: found.others };
  if (found.missing === 0) return { ...round, running: false };
  await startSend(ports, dir, options.env);
  return { ...round, running: true };
}

/** Ids of jobs whose process lives, or may live on another machine. */
async function livingJobs({ store, projectDir }: RunPorts): Promise<Set<string>> {
  const living = new Set<string>();
  for (const id of await store.read("unfinishedJobs", null)) {
    const { state } = await jobState(`${jobsDirectory(projectDir)}/${id}`);
    if (state === "running" || state === "unknown") living.add(id);
  }
  return living;
}

async function states({ store }: RunPorts, dir: string, living: ReadonlySet<string>) {
  const own = basename(dir);
  const found = { answered: 0, missing: 0, skip: [] as string[], others: new Map<string, number>() };
  const judge = async (keys: string[]) => {
    const known = await store.read("knownKeys", { keys });
    const answered = new Set(known.answered);
    const elsewhere = new Map<string, string>();
    for (const { key, job } of known.open) if (job !== own && living.has(job)) elsewhere.set(key, job);
    for (const key of keys) {
      const other = elsewhere.get(key);
      if (answered.has(key)) found.answered++;
      else if (other !== undefined) found.others.set(other, (found.others.get(other) ?? 0) + 1);
      else found.missing++;
      if (answered.has(key) || other !== undefined) found.skip.push(key);
    }
  };
  let batch: string[] = [];
  for await (const { line } of readRequests(dir)) {
    batch.push(line.custom_id);
    if (batch.length < 500) continue;
    await judge(batch);
    batch = [];
  }
  await judge(batch);
  return found;
}

/** Starts `send` and waits until it owns the directory, so that whoever plans next sees a living job. */
async function startSend(ports: RunPorts, dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = await spawnDetached({ command: process.execPath, args: [ports.sendEntry, dir], directory: dir, env });
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  for (;;) {
    const { started } = await jobState(dir);
    if (ended || (started !== null && started !== "unreadable" && started.pid === child.pid)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
