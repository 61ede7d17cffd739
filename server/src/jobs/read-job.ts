import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import { JobFile } from "#protocol/files/job.ts";
import { readIfThere } from "../files/durable.ts";
import { objectIn } from "../files/json.ts";
import { JOB } from "./layout.ts";

/** The job that a directory holds. @throws usage/not-found, job/corrupt */
export function readJob(dir: string): JobFile {
  const file = join(dir, JOB.job);
  const text = readIfThere(file);
  if (text === null)
    throw fail("usage/not-found", "This is no job directory: it has no job.json", {
      where: { file },
      remedy: "Give the directory that `jiuzhang generate` made under .jiuzhang/jobs.",
    });
  const parsed = JobFile.safeParse(objectIn(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const member = issue === undefined || issue.path.length === 0 ? "" : ` (${issue.path.join(".")}: ${issue.message})`;
  throw fail("job/corrupt", `The job's description cannot be read${member}`, {
    where: { file },
    remedy: "Move the directory away and run the command that made it again.",
  });
}
