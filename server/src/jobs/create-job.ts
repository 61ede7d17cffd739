import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import type { JobFile, SendSpec } from "#protocol/files/job.ts";
import type { IndexLine, RequestLine } from "#protocol/files/shards.ts";
import { crashPoint } from "../files/crash-point.ts";
import { readIfThere, replaceFile, replaceFileByLines, syncDirectory } from "../files/durable.ts";
import { objectIn } from "../files/json.ts";
import { isAlive, type ProcessIdentity, processIdentity } from "../hosts/process-identity.ts";
import { canonicalJson } from "../requests/canonical-json.ts";
import { createKeySet } from "../requests/key-set.ts";
import { createShardPlan } from "../requests/shard-plan.ts";
import { JOB, jobsDirectory } from "./layout.ts";
import { readJob } from "./read-job.ts";
import { createShardWriter } from "./shard-writer.ts";
import { jobState, mayRun } from "./state.ts";

export interface NewJob {
  projectDir: string;
  spec: SendSpec;
  /** Consumed once, in order, in flat memory. */
  requests: Iterable<PlannedRequest> | AsyncIterable<PlannedRequest>;
  /** Sources of the templates that the index lines name, by sha256. */
  templates: Iterable<{ sha256: string; source: string }>;
}

export interface PlannedRequest {
  line: RequestLine;
  index: IndexLine;
}

export interface CreatedJob {
  dir: string;
  job: JobFile;
  /** False where the same job was there already. */
  created: boolean;
  /** Requests whose key came before in the same plan (two seeds with the same text): they are asked once. */
  duplicates: number;
}

/** Says which process builds a directory, until it stands in its place. */
const BUILDER = "builder.json";

/**
 * Makes the directory of a job, whole or not at all: it is built under another name, synced, and renamed. The same
 * requests for the same dataset and model are the same job: its directory is returned, and settings that do not change
 * the answers (address, concurrency, budget, …) are taken over where the job does not run.
 * @throws io/disk-full, io/failed
 */
export async function createJob({ projectDir, spec, requests, templates }: NewJob): Promise<CreatedJob> {
  const jobs = jobsDirectory(projectDir);
  mkdirSync(jobs, { recursive: true });
  await removeLeftovers(jobs);
  const owner = randomBytes(8).toString("hex");
  const building = join(jobs, `.new-${owner}`);
  mkdirSync(join(building, JOB.templates), { recursive: true });
  mkdirSync(join(building, JOB.out));
  try {
    writeFileSync(join(building, BUILDER), JSON.stringify(await processIdentity()));
    crashPoint("job directory begun");
    const { key, count, duplicates } = await writeRequests(join(building, JOB.in), spec, requests);
    for (const { sha256, source } of templates) replaceFile(join(building, JOB.templates, `${sha256}.prompty`), source);
    const id = `${spec.task}-${key.slice(0, 12)}`;
    const created = new Date().toISOString();
    const job: JobFile = { version: 1, id, key, spec, spec_sha256: specHash(spec), owner, created, requests: count };
    replaceFile(join(building, JOB.job), jobText(job));
    for (const folder of [JOB.templates, JOB.in, JOB.out, "."]) syncDirectory(join(building, folder));
    const dir = join(jobs, id);
    crashPoint("job directory built");
    const won = renameInto(building, dir);
    crashPoint("job directory in place");
    if (won) syncDirectory(jobs);
    rmSync(join(dir, BUILDER), { force: true });
    const there = won ? job : await takeOver(dir, job);
    return { dir, job: there, created: there.owner === owner, duplicates };
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** Lists keys that were answered elsewhere, so that this job does not ask them. Replaces an earlier list as a whole. */
export async function writeSkip(dir: string, keys: AsyncIterable<string> | Iterable<string>): Promise<void> {
  const lines = async function* () {
    for await (const key of keys) yield `${JSON.stringify({ custom_id: key })}\n`;
  };
  await replaceFileByLines(join(dir, JOB.skip), lines());
}

const specHash = (spec: SendSpec): string => createHash("sha256").update(canonicalJson(spec)).digest("hex");
const jobText = (job: JobFile): string => `${JSON.stringify(job, null, 2)}\n`;

/** The job's key: what it answers (task, dataset, model) and every request in order; nothing that only says how it is sent. */
async function writeRequests(folder: string, spec: SendSpec, requests: NewJob["requests"]) {
  const hash = createHash("sha256");
  hash.update(`${canonicalJson({ task: spec.task, dataset: spec.dataset, model_identity: spec.model_identity })}\n`);
  const keys = createKeySet();
  const plan = createShardPlan();
  const writers = { requests: createShardWriter(folder, "requests"), index: createShardWriter(folder, "index") };
  let duplicates = 0;
  try {
    for await (const { line, index } of requests) {
      if (keys.find(line.custom_id) >= 0) {
        duplicates++;
        continue;
      }
      keys.add(line.custom_id);
      hash.update(`${line.custom_id}\n`);
      const text = `${JSON.stringify(line)}\n`;
      const shard = plan.place(Buffer.byteLength(text));
      writers.requests.write(shard, text);
      writers.index.write(shard, `${JSON.stringify(index)}\n`);
    }
  } finally {
    writers.requests.close();
    writers.index.close();
  }
  return { key: hash.digest("hex"), count: keys.size, duplicates };
}

/** True where the directory is ours now; false where one was there. */
function renameInto(from: string, to: string): boolean {
  if (existsSync(join(to, JOB.job))) return false;
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (existsSync(join(to, JOB.job))) return false;
    if (!existsSync(to)) throw error;
    throw fail("job/corrupt", "The job's directory is there, but its job.json is not", {
      where: { file: to },
      remedy: "Move the directory away and run the same command again.",
      cause: error,
    });
  }
}

async function takeOver(dir: string, wanted: JobFile): Promise<JobFile> {
  const there = readJob(dir);
  if (there.key !== wanted.key)
    throw fail("job/corrupt", `The directory of job ${wanted.id} holds another job`, {
      where: { file: join(dir, JOB.job) },
      remedy: "Move the directory away and run the same command again.",
    });
  if (there.spec_sha256 === wanted.spec_sha256 || mayRun(await jobState(dir))) return there;
  const changed: JobFile = { ...there, spec: wanted.spec, spec_sha256: wanted.spec_sha256 };
  replaceFile(join(dir, JOB.job), jobText(changed));
  return changed;
}

/** Directories that a killed process began to build. One without a name in it is left for an hour: it may just have begun. */
async function removeLeftovers(jobs: string): Promise<void> {
  for (const name of readdirSync(jobs)) {
    if (!name.startsWith(".new-")) continue;
    const path = join(jobs, name);
    const builder = objectIn(readIfThere(join(path, BUILDER)) ?? "") as ProcessIdentity | null;
    const gone = builder === null ? ageOf(path) > 3_600_000 : (await isAlive(builder)) === false;
    if (gone) rmSync(path, { recursive: true, force: true });
  }
}

function ageOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 0 : Date.now() - stat.mtimeMs;
}
