import { basename, extname } from "node:path";
import { fail } from "#protocol/errors.ts";
import type { Bind, Sql } from "../store/sql.ts";

/** The number of a dataset, made where it is new. A dataset that ever held a problem is one of problems. */
export function datasetNumber(sql: Sql, name: string, kind: "seed" | "problem", updated: number): number {
  // Jobs are looked at several times a second, and all of them with each list of datasets: what is known writes nothing.
  const there = sql.prepare("SELECT n, kind, updated FROM dataset WHERE name = ?").get<{ n: number; kind: string; updated: number }>(name);
  if (there !== undefined && there.kind <= kind && there.updated >= updated) return there.n;
  const row = sql
    .prepare(
      `INSERT INTO dataset (name, kind, updated) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET kind = min(kind, excluded.kind), updated = max(updated, excluded.updated) RETURNING n`,
    )
    .get<{ n: number }>(name, kind, updated);
  return row?.n as number;
}

/** Dataset names become parts of file names: letters, digits, `-`, `_` and `.` within. */
const DATASET_NAME = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,99}$/u;

/** @throws usage/invalid-argument */
export function checkDatasetName(name: string): void {
  if (DATASET_NAME.test(name)) return;
  throw fail("usage/invalid-argument", `“${name}” cannot be the name of a dataset`, {
    remedy: "Use letters, digits, “-”, “_” and “.”, beginning with a letter or digit, at most 100.",
  });
}

/** The name of a dataset that a file's own name suggests. */
export const datasetNameOf = (file: string): string =>
  basename(file.replace(/\.gz$/i, ""), extname(file.replace(/\.gz$/i, "")))
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}_.-]+/gu, "-")
    .replace(/^[^\p{L}\p{N}]+/u, "")
    .slice(0, 80) || "imported";

export interface NewOrigin {
  kind: "import" | "job";
  /** Hash of the file, or id of the job. */
  name: string;
  dataset: number;
  created: number;
  /** What the dataset's revision is made of: hash of the file, or key of the job. */
  key: string;
  /** The `ImportFile` or `JobFile` as it was read. */
  detail: object;
}

/** The number of an import or a job, made where it is new. */
export function originNumber(sql: Sql, { kind, name, dataset, created, key, detail }: NewOrigin): number {
  const told = JSON.stringify(detail);
  const there = sql
    .prepare("SELECT n, detail FROM origin WHERE kind = ? AND name = ? AND dataset = ?")
    .get<{ n: number; detail: string }>(kind, name, dataset);
  if (there?.detail === told) return there.n;
  const row = sql
    .prepare(
      `INSERT INTO origin (kind, name, dataset, created, key, detail) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (kind, name, dataset) DO UPDATE SET detail = excluded.detail RETURNING n`,
    )
    .get<{ n: number }>(kind, name, dataset, created, key, told);
  return row?.n as number;
}

/** How far a file has been read. */
export interface FileState {
  n: number;
  position: number;
  line: number;
  done: number;
  rows: number;
  duplicates: number;
  rejected: number;
}

/** The state of a file, made where it is new. `path` is relative to `.jiuzhang`, without the `.gz` of a rolled shard. */
export function fileState(sql: Sql, origin: number, path: string): FileState {
  sql.prepare("INSERT INTO file (origin, path) VALUES (?, ?) ON CONFLICT DO NOTHING").run(origin, path);
  return readFileState(sql, origin, path) as FileState;
}

export const readFileState = (sql: Sql, origin: number, path: string): FileState | undefined =>
  sql
    .prepare("SELECT n, position, line, done, rows, duplicates, rejected FROM file WHERE origin = ? AND path = ?")
    .get<FileState>(origin, path);

export function saveFileState(sql: Sql, { n, position, line, done, rows, duplicates, rejected }: FileState): void {
  const values: Bind[] = [position, line, done, rows, duplicates, rejected, n];
  sql.prepare("UPDATE file SET position = ?, line = ?, done = ?, rows = ?, duplicates = ?, rejected = ? WHERE n = ?").run(...values);
}

/** The number of a template's version. */
export function templateNumber(sql: Sql, path: string, sha256: string): number {
  sql.prepare("INSERT INTO template (path, sha256) VALUES (?, ?) ON CONFLICT DO NOTHING").run(path, sha256);
  return sql.prepare("SELECT n FROM template WHERE path = ? AND sha256 = ?").get<{ n: number }>(path, sha256)?.n as number;
}

/** Problems of a file that are kept in full; further ones are only counted. */
export const MOST_PROBLEMS = 20;
