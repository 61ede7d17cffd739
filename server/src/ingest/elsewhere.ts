import { join } from "node:path";
import { parseObject } from "../files/json.ts";
import { readAt, readLines } from "../files/lines.ts";
import { JOB } from "../jobs/layout.ts";
import { dataFolder } from "../project/root.ts";
import type { OpContext } from "../store/ops.ts";
import { existing } from "./existing.ts";
import { type IngestedJob, type ResponsePlace, takeResponse } from "./responses.ts";
import type { RowWriter } from "./rows.ts";

/** A key with its braces. */
const LINE_MAX_BYTES = 1_000;

/**
 * A request that another job had answered is not asked again: its key stands in `in/skip.jsonl`. Where that answer went into
 * another dataset, this one gets its rows from the same line.
 */
export async function answeredElsewhere({ sql, project }: OpContext, dir: string, job: IngestedJob, writer: RowWriter): Promise<void> {
  const path = await existing(join(dir, JOB.skip));
  if (path === null || sql.prepare("SELECT 1 FROM request WHERE origin = ? AND answered = 0 LIMIT 1").get(job.origin) === undefined) return;
  const answer = sql.prepare(
    `SELECT response.file AS file, file.path AS path, response.position AS position, response.length AS length, response.line AS line, response.dataset AS dataset, error
     FROM response JOIN file ON file.n = response.file WHERE response.key = ? ORDER BY response.dataset = ? DESC, error, received, file.path LIMIT 1`,
  );
  const open = sql.prepare("SELECT n FROM request WHERE origin = ? AND key = ? AND answered = 0");
  for await (const lines of readLines(path, { limit: LINE_MAX_BYTES })) {
    for (const { bytes } of lines) {
      const parsed = bytes === null ? "too large" : parseObject(bytes.toString("utf8"));
      if (typeof parsed === "string" || typeof parsed.custom_id !== "string") continue;
      const request = open.get<{ n: number }>(job.origin, parsed.custom_id);
      const found = answer.get<ResponsePlace & { path: string; dataset: number; error: number }>(parsed.custom_id, job.dataset);
      if (request === undefined || found === undefined) continue;
      if (found.dataset === job.dataset) {
        sql.transaction(() => sql.prepare("UPDATE request SET answered = ? WHERE n = ?").run(found.error === 0 ? 1 : 2, request.n));
        continue;
      }
      const file = await existing(join(dataFolder(project), found.path));
      if (file === null) continue;
      const line = await readAt(file, found.position, found.length);
      sql.transaction(() => {
        writer.begin();
        takeResponse(sql, writer, job, found, line);
        writer.flush();
      });
    }
  }
}
