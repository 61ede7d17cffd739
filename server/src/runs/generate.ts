import { basename, join } from "node:path";
import type { Row } from "#protocol/corpus.ts";
import { AppError, fail } from "#protocol/errors.ts";
import type { EventLine } from "#protocol/files/events.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import type { TemplateSummary } from "../corpus/job-summary.ts";
import { checkDatasetName } from "../ingest/registry.ts";
import { createJob, writeSkip } from "../jobs/create-job.ts";
import { JOB, jobsDirectory } from "../jobs/layout.ts";
import { withProjectLock } from "../jobs/project-lock.ts";
import { readJob } from "../jobs/read-job.ts";
import type { CorpusStore } from "../thread.ts";
import { eventsSize, followJob, lastError } from "./follow.ts";
import { type Found, livingJobs, skippable } from "./known-requests.ts";
import { type PlanOptions, planLines } from "./plan.ts";
import type { RunPorts } from "./ports.ts";
import type { Sending, StartSending } from "./sending.ts";

export interface GenerateOptions extends PlanOptions {
  spec: SendSpec;
  send: StartSending;
}

export interface GenerateObserver {
  /** The job is known: how many requests it has, how many of them were answered before. */
  onPlan(plan: { job: string; dir: string; requests: number; answered: number; asking: number }): void;
  onRow(row: Row, seed: string | null, key: string): void;
  /** So many rows came at once that the rest of them is only counted. */
  onMore(rows: number): void;
  /** What has come so far. */
  onCounts?(counts: Counts): void;
  onEvent(event: EventLine): void;
  /** Another process is asking some of the same requests; its answers are waited for. */
  onWait(job: string, requests: number): void;
}

/** Rows of a run. */
export interface Counts {
  rows: number;
  parsed: number;
  accepted: number;
}

export interface GenerateReport extends Counts {
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
  /** Where the index ended before. */
  mark: number;
  requests: number;
  answered: number;
  /** Requests that no one has answered and no one else asks. */
  missing: number;
  /** Whether what is missing is being asked: by us, or by another process that runs the same job. */
  running: boolean;
  /** Null where it is not we who ask. */
  sending: Sending | null;
  eventsFrom: number;
  /** Living jobs that ask for some of our requests, with their numbers. */
  others: Map<string, number>;
}

/** Rows of one moment that are reported in full. */
const MOST_REPORTED = 500;

/**
 * Generates: plans requests, makes (or finds) their job, starts sending what no one has answered, and takes the answers in
 * as they come. What was answered before is not asked again, and what another living process is asking is waited for.
 * @throws cancelled (the job has stopped in order), the job's own error, or any error of planning
 */
export async function generate(ports: RunPorts, options: GenerateOptions, observer: GenerateObserver): Promise<GenerateReport> {
  const { store } = ports;
  let reused: number | null = null;
  let known: { dir: string; mark: number } | null = null;
  let settled = false;
  const counts: Counts = { rows: 0, parsed: 0, accepted: 0 };
  for (;;) {
    const round: Round = await withProjectLock(ports.projectDir, () => plan(ports, options, known?.dir ?? null), {
      signal: options.signal,
    });
    known ??= { dir: round.dir, mark: round.mark };
    const { dir, sending } = round;
    const place = known;
    if (settled && round.missing > 0)
      throw fail("job/corrupt", `${round.missing} answers of the job cannot be read`, {
        where: { file: join(dir, JOB.out) },
        remedy: "`jiuzhang doctor` names the lines; take them out of the shard and run the same command again: only these are asked again.",
      });
    const job = basename(dir);
    if (reused === null) {
      reused = round.answered;
      const waiting = [...round.others.values()].reduce((sum, count) => sum + count, 0);
      observer.onPlan({ job, dir, requests: round.requests, answered: reused, asking: round.requests - reused - waiting });
    }
    /** Tells what has come, whoever took it in: another window or the terminal may have been quicker. */
    const report = async () => {
      const { added, count, parsed, accepted, last } = await store.read("jobRows", { job, after: place.mark, limit: MOST_REPORTED });
      place.mark = last;
      if (count === 0) return;
      counts.rows += count;
      counts.parsed += parsed;
      counts.accepted += accepted;
      for (const { row, seed, key } of added) observer.onRow(row, seed, key);
      if (count > added.length) observer.onMore(count - added.length);
      observer.onCounts?.({ ...counts });
    };
    const ingest = async (live: boolean) => {
      await store.write("ingestJob", { dir, live });
      await report();
    };
    if (!round.running && round.others.size === 0) {
      await ingest(false);
      const summary = await store.read("jobSummary", { job });
      return { job, dir, dataset: options.spec.dataset, requests: round.requests, reused, ...counts, summary };
    }
    // What other jobs had answered comes now; while this one runs, only its own answers do.
    await ingest(false);
    if (round.running) await followOwn(round, { ingest: () => ingest(true), observer, signal: options.signal });
    settled = round.running && sending !== null && round.others.size === 0;
    for (const [other, count] of round.others) {
      observer.onWait(other, count);
      const there = join(jobsDirectory(ports.projectDir), other);
      const takeIn = async () => {
        await store.write("ingestJob", { dir: there, live: true });
        await report();
      };
      await followJob({
        dir: there,
        ingest: takeIn,
        onEvent: () => {},
        eventsFrom: await eventsSize(there),
        signal: options.signal,
      });
    }
  }
}

async function followOwn(
  { dir, eventsFrom, sending }: Round,
  { ingest, observer, signal }: { ingest(): Promise<void>; observer: GenerateObserver; signal: AbortSignal },
): Promise<void> {
  const ours = sending === null ? {} : { stop: sending.stop, ended: sending.ended };
  const state = await followJob({ dir, ingest, onEvent: observer.onEvent, eventsFrom, signal, ...ours });
  if (state === "succeeded") return;
  const problem = await lastError(dir, eventsFrom);
  if (problem !== null) throw new AppError(problem);
  if (state === "stopped")
    throw fail("cancelled", "The job was stopped", { where: { file: dir }, remedy: "Run the same command again: it goes on from there." });
  throw fail("job/failed", `The job ended without saying why (${state})`, {
    where: { file: join(dir, "stderr.log") },
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
  if (known === null) await refuseSeeds(store, options.spec.dataset);
  const mark = await store.read("newestRow", null);
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
  const eventsFrom = await eventsSize(dir);
  const found: Found = { answered: 0, missing: 0, others: new Map() };
  const skip = skippable(ports, { dir, living, found, signal: options.signal });
  if (living.has(job.id)) {
    // Whoever runs it has written its skip list.
    for await (const _ of skip);
    return { ...found, dir, requests: job.requests, mark, running: true, sending: null, eventsFrom, others: new Map() };
  }
  await store.write("ingestJob", { dir });
  // Keys that stand in the skip list are never asked by this job while they stand there.
  await writeSkip(dir, skip);
  const running = found.missing > 0;
  const sending = running ? await options.send(dir) : null;
  return { ...found, dir, requests: job.requests, mark, running, sending, eventsFrom };
}

/** A dataset of seeds that took a problem would be one of problems from then on, and its seeds lost to every later run. */
async function refuseSeeds(store: CorpusStore, name: string): Promise<void> {
  checkDatasetName(name);
  const there = (await store.read("datasets", null)).find((dataset) => dataset.name === name);
  if (there?.kind === "seed")
    throw fail("usage/invalid-argument", `“${name}” is a dataset of seeds, and problems would be put into it`, {
      remedy: "Name another dataset for the problems.",
    });
}
