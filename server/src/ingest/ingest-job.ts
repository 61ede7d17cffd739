import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Problem } from "#protocol/errors.ts";
import type { ParseRule } from "#protocol/template.ts";
import { JOB } from "../jobs/layout.ts";
import { readJob } from "../jobs/read-job.ts";
import type { OpContext } from "../store/ops.ts";
import { answeredElsewhere } from "./elsewhere.ts";
import { type FollowedLine, follow } from "./follow.ts";
import { datasetNumber, originNumber } from "./registry.ts";
import { takeIndex, takeRequest } from "./requests.ts";
import { type IngestedJob, takeResponse } from "./responses.ts";
import { createRowWriter } from "./rows.ts";
import { listShards, shardSize } from "./shards.ts";

export interface JobReport {
  dataset: string;
  /** Rows that this call added. */
  rows: number;
  /** Lines that were skipped, also by earlier calls. */
  problems: Problem[];
}

/** The rule by which a template's responses are read, from its source. */
export type RuleOf = (source: string) => ParseRule;

/**
 * Brings what is new in a job's shards into the index; call it as often as you like while the job runs. A torn last line waits
 * for its end. With `live` only the job's own shards are looked at: its skip list, which may name millions of answers that other
 * jobs hold, is for the first and the last call. @throws job/corrupt, usage/not-found where the directory is no job
 */
export async function ingestJob(context: OpContext, dir: string, ruleOf: RuleOf, { live = false } = {}): Promise<JobReport> {
  const { sql } = context;
  const about = readJob(dir);
  const id = basename(dir);
  const created = Date.parse(about.created) || 0;
  const { dataset: datasetName } = about.spec;
  const job: IngestedJob = sql.transaction(() => {
    const dataset = datasetNumber(sql, datasetName, "problem", created);
    const origin = originNumber(sql, { kind: "job", name: id, dataset, created, key: about.key, detail: about });
    return { origin, dataset, datasetName, id, created, ruleOf: createRules(context, dir, ruleOf) };
  });
  // Sizes first: a response that lies within them had its request on disk before.
  const responses = await Promise.all(listShards(dir, "responses").map(async (shard) => ({ shard, end: await shardSize(shard) })));
  await followRequests(context, dir, job);
  const before = (sql.prepare("SELECT max(n) AS n FROM row").get<{ n: number | null }>()?.n ?? 0) as number;
  const writer = createRowWriter(sql);
  if (!live) await answeredElsewhere(context, dir, job, writer);
  for (const { shard, end } of responses) {
    let file = 0;
    await follow(
      context,
      { origin: job.origin, path: `jobs/${id}/${shard.name}`, shard, end },
      {
        begin(number) {
          file = number;
          writer.begin();
        },
        handle: ({ position, length, number: line, bytes }: FollowedLine) =>
          takeResponse(sql, writer, job, { file, position, length, line }, bytes),
        end: () => writer.flush(),
      },
    );
  }
  return reportOf(context, job, before);
}

async function followRequests(context: OpContext, dir: string, job: IngestedJob): Promise<void> {
  for (const kind of ["requests", "index"] as const)
    for (const shard of listShards(dir, kind)) {
      let file = 0;
      const target = { origin: job.origin, path: `jobs/${job.id}/${shard.name}`, shard, end: await shardSize(shard) };
      await follow(context, target, {
        begin(number) {
          file = number;
        },
        handle: (line) =>
          kind === "requests" ? takeRequest(context.sql, job.origin, file, line) : takeIndex(context.sql, job.origin, line),
        end() {},
      });
    }
}

function reportOf({ sql }: OpContext, job: IngestedJob, before: number): JobReport {
  // From the end of the table: an index of the dataset would be gone through from its beginning at each look at a job.
  const rows = sql.prepare("SELECT count(*) AS n FROM row WHERE n > ? AND +dataset = ?").get<{ n: number }>(before, job.dataset)
    ?.n as number;
  const problems = sql
    .prepare("SELECT problem FROM problem JOIN file ON file.n = problem.file WHERE file.origin = ? ORDER BY file.path, problem.line")
    .all<{ problem: string }>(job.origin);
  return { dataset: job.datasetName, rows, problems: problems.map(({ problem }) => JSON.parse(problem) as Problem) };
}

/** Parse rules by template, each snapshot read once. */
function createRules({ sql }: OpContext, dir: string, ruleOf: RuleOf): IngestedJob["ruleOf"] {
  const known = new Map<number, ParseRule | null>();
  return (template) => {
    const there = known.get(template);
    if (there !== undefined) return there;
    const sha256 = sql.prepare("SELECT sha256 FROM template WHERE n = ?").get<{ sha256: string }>(template)?.sha256;
    let rule: ParseRule | null = null;
    try {
      rule = ruleOf(readFileSync(join(dir, JOB.templates, `${sha256}.prompty`), "utf8"));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
    }
    known.set(template, rule);
    return rule;
  };
}
