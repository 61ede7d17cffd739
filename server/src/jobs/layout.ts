import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "../project/root.ts";
import { shardNumber } from "../requests/shard-plan.ts";

/** Where the files of a job lie, relative to its directory (design, section 4). */
export const JOB = {
  job: "job.json",
  in: "in",
  templates: join("in", "templates"),
  /** Keys that were answered elsewhere, one `{"custom_id": …}` a line: they are not asked. */
  skip: join("in", "skip.jsonl"),
  started: "started.json",
  events: "events.jsonl",
  exit: "exit.json",
  out: "out",
  manifest: join("out", "manifest.json"),
  /** Its presence asks a running job to stop; the way on systems without signals. */
  stop: "stop",
} as const;

/** Directory of all jobs of a project. */
export const jobsDirectory = (projectDir: string): string => join(dataFolder(projectDir), "jobs");

/** Paths of the shards of one kind, in order, plain or gzipped. */
export function shardFiles(directory: string, kind: "requests" | "index" | "responses"): string[] {
  const folder = join(directory, kind === "responses" ? JOB.out : JOB.in);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const number = shardNumber(kind, name);
      return number === null ? [] : [{ name, number }];
    })
    .sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1))
    .map(({ name }) => join(folder, name));
}
