import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Problem, toProblem } from "#protocol/errors.ts";
import type { ImportFile } from "#protocol/files/imports.ts";
import { JOB, jobsDirectory } from "../jobs/layout.ts";
import { readJob } from "../jobs/read-job.ts";
import { takeInLabels } from "../labels/take-in.ts";
import type { OpContext } from "../store/ops.ts";
import { buildSortIndexes } from "../store/schema.ts";
import { existing } from "./existing.ts";
import { readImport } from "./import-file.ts";
import { ingestImport } from "./ingest-import.ts";
import { ingestJob, type RuleOf } from "./ingest-job.ts";
import { importsDir } from "./layout.ts";

export interface CatchUpReport {
  /** Files and jobs that the project has. */
  files: number;
  /** Rows that were added. */
  rows: number;
  /** Rows that people said something new about. */
  labels: number;
  /** What could not be read, and lines that were skipped. */
  problems: Problem[];
}

/**
 * Brings everything that the project's files hold and the index does not into the index: imports, then jobs, each in the order in which
 * they were made, then what people said of rows. One that is damaged is reported, and the others go in.
 */
export async function catchUp(context: OpContext, ruleOf: RuleOf): Promise<CatchUpReport> {
  const { sql, project, signal } = context;
  const problems: Problem[] = [];
  const imports = await listImports(project, problems);
  const jobs = await listJobs(project, problems);
  const before = rowCount(context);
  let done = 0;
  const step = async (work: () => Promise<unknown>) => {
    signal.throwIfAborted();
    try {
      await work();
    } catch (thrown) {
      const problem = toProblem(thrown);
      if (fatal(problem)) throw thrown;
      problems.push(problem);
    }
    done += 1;
    await context.breathe?.();
    context.progress({ stage: "catch up", done, total: imports.length + jobs.length, unit: "files" });
  };
  for (const about of imports) await step(() => ingestImport({ ...context, sql, progress: () => {} }, about));
  for (const job of jobs) await step(async () => problems.push(...(await ingestJob(context, job, ruleOf, { live: true })).problems));
  // A skip list may name answers of a job that was made later.
  for (const job of jobs) if ((await existing(join(job, JOB.skip))) !== null) await ingestJob(context, job, ruleOf);
  const rows = rowCount(context) - before;
  const labels = takeInLabels(context);
  problems.push(...labels.problems);
  buildSortIndexes(sql);
  return { files: imports.length + jobs.length, rows, labels: labels.rows, problems };
}

/** Faults of the index or the disk, not of one file. */
const fatal = ({ code }: Problem): boolean =>
  code.startsWith("index/") || code === "io/disk-full" || code === "cancelled" || code === "internal";

const rowCount = ({ sql }: OpContext): number =>
  sql.prepare("SELECT coalesce(sum(rows), 0) AS n FROM tally").get<{ n: number }>()?.n as number;

/** The imports of a project in the order in which they were made. */
export async function listImports(project: string, problems: Problem[]): Promise<ImportFile[]> {
  const found: ImportFile[] = [];
  for (const folder of await names(importsDir(project))) {
    for (const name of await names(join(importsDir(project), folder))) {
      if (!/^import-.+\.json$/.test(name)) continue;
      try {
        const about = await readImport(join(importsDir(project), folder, name));
        if (about !== null) found.push(about);
      } catch (thrown) {
        problems.push(toProblem(thrown));
      }
    }
  }
  return found.sort((a, b) => compare([a.imported, a.sha256, a.dataset], [b.imported, b.sha256, b.dataset]));
}

/** The directories of a project's jobs in the order in which the jobs were made. */
export async function listJobs(project: string, problems: Problem[]): Promise<string[]> {
  const found: { dir: string; created: string }[] = [];
  for (const name of await names(jobsDirectory(project))) {
    // A job that is still being made has a name with a dot in front.
    if (name.startsWith(".")) continue;
    const dir = join(jobsDirectory(project), name);
    try {
      found.push({ dir, created: readJob(dir).created });
    } catch (thrown) {
      problems.push(toProblem(thrown));
    }
  }
  return found.sort((a, b) => compare([a.created, basename(a.dir)], [b.created, basename(b.dir)])).map(({ dir }) => dir);
}

/** Names in a directory; none where it is missing or no directory. */
async function names(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR"].includes((thrown as NodeJS.ErrnoException).code ?? "")) return [];
    throw thrown;
  }
}

function compare(a: string[], b: string[]): number {
  for (const [at, left] of a.entries()) if (left !== b[at]) return left < (b[at] as string) ? -1 : 1;
  return 0;
}
