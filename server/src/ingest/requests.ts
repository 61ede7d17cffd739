import { IndexLine, RequestKey } from "#protocol/files/shards.ts";
import { parseObject } from "../files/json.ts";
import type { Sql } from "../store/sql.ts";
import type { FollowedLine } from "./follow.ts";
import { templateNumber } from "./registry.ts";

/** Notes where a request's line lies. Returns why the line is foreign, or null. */
export function takeRequest(sql: Sql, origin: number, file: number, line: FollowedLine): string | null {
  const parsed = parseObject(line.bytes.toString("utf8"));
  if (typeof parsed === "string") return parsed;
  const key = RequestKey.safeParse(parsed.custom_id);
  if (!key.success) return "its custom_id is no request key";
  if (typeof parsed.body !== "object" || parsed.body === null) return "it has no body";
  sql
    .prepare(
      `INSERT INTO request (origin, key, file, position, length, line) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (origin, key) DO UPDATE
       SET file = excluded.file, position = excluded.position, length = excluded.length, line = excluded.line WHERE request.file IS NULL`,
    )
    .run(origin, key.data, file, line.position, line.length, line.number);
  return null;
}

/** Notes what a request is about: its seed, template, sample, stage and format. Returns why the line is foreign, or null. */
export function takeIndex(sql: Sql, origin: number, line: FollowedLine): string | null {
  const parsed = parseObject(line.bytes.toString("utf8"));
  if (typeof parsed === "string") return parsed;
  const checked = IndexLine.safeParse(parsed);
  if (!checked.success)
    return `it does not describe a request (${checked.error.issues[0]?.path.join(".")}: ${checked.error.issues[0]?.message})`;
  const { custom_id, seed, template, sample, stage, format } = checked.data;
  sql
    .prepare(
      `INSERT INTO request (origin, key, seed, seed_dataset, template, sample, stage, format) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (origin, key) DO UPDATE SET seed = excluded.seed, seed_dataset = excluded.seed_dataset, template = excluded.template,
       sample = excluded.sample, stage = excluded.stage, format = excluded.format WHERE request.template IS NULL`,
    )
    .run(
      origin,
      custom_id,
      seed?.id ?? null,
      seed?.dataset ?? null,
      templateNumber(sql, template.path, template.sha256),
      sample,
      stage,
      format,
    );
  return null;
}
