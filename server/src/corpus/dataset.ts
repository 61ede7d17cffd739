import { hash } from "node:crypto";
import type { Dataset } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import type { Sql } from "../store/sql.ts";

/** All datasets of the project, by name. */
export function datasets(sql: Sql): Dataset[] {
  const found = sql
    .prepare(
      `SELECT dataset.n AS n, name, dataset.kind AS kind, updated, marks, coalesce(sum(rows), 0) AS rows,
        coalesce(sum(rows * accepted), 0) AS accepted
       FROM dataset LEFT JOIN tally ON tally.dataset = dataset.n GROUP BY dataset.n ORDER BY name`,
    )
    .all<{ n: number; name: string; kind: Dataset["kind"]; updated: number; marks: string; rows: number; accepted: number }>();
  return found.map(({ n, name, kind, rows, accepted, updated, marks }) => ({
    name,
    kind,
    rows,
    accepted,
    revision: revisionOf(sql, n, marks),
    updated: new Date(updated).toISOString(),
  }));
}

/**
 * sha256 over what a dataset is made of, in the order in which it was made: hash of each file and key of each job, each with how far
 * its files have been read, so that a running job's dataset has another revision with every answer; and what people made of it by
 * labels, edits and deletions.
 */
function revisionOf(sql: Sql, dataset: number, marks: string): string {
  const parts = sql
    .prepare(
      `SELECT origin.kind AS kind, origin.key AS key, coalesce(sum(file.line), 0) AS lines FROM origin
       LEFT JOIN file ON file.origin = origin.n AND (origin.kind = 'import' OR file.path LIKE 'jobs/%/out/%')
       WHERE origin.dataset = ? GROUP BY origin.n ORDER BY origin.created, origin.kind, origin.name`,
    )
    .all<{ kind: string; key: string; lines: number }>(dataset);
  const made = parts.map(({ kind, key, lines }) => `${kind} ${key} ${lines}\n`).join("");
  return hash("sha256", marks === "" ? made : `${made}labels ${marks}\n`, "hex");
}

/** A dataset's number. @throws usage/not-found */
export function findDataset(sql: Sql, name: string): number {
  const found = sql.prepare("SELECT n FROM dataset WHERE name = ?").get<{ n: number }>(name);
  if (found !== undefined) return found.n;
  const names = sql.prepare("SELECT name FROM dataset ORDER BY name LIMIT 20").all<{ name: string }>();
  throw fail("usage/not-found", `There is no dataset “${name}”`, {
    remedy: names.length === 0 ? "Import or generate one first." : `Datasets are ${names.map((one) => one.name).join(", ")}.`,
  });
}
