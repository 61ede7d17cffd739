import { hash } from "node:crypto";
import type { Dataset } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import type { Sql } from "../store/sql.ts";

/** All datasets of the project, by name. */
export function datasets(sql: Sql): Dataset[] {
  const found = sql
    .prepare(
      `SELECT n, name, kind, updated,
        coalesce((SELECT n FROM counter WHERE dataset = dataset.n AND facet = 'rows' AND value = ''), 0) AS rows,
        coalesce((SELECT n FROM counter WHERE dataset = dataset.n AND facet = 'accepted' AND value = '1'), 0) AS accepted
       FROM dataset ORDER BY name`,
    )
    .all<{ n: number; name: string; kind: Dataset["kind"]; updated: number; rows: number; accepted: number }>();
  return found.map(({ n, name, kind, rows, accepted, updated }) => ({
    name,
    kind,
    rows,
    accepted,
    revision: revisionOf(sql, n),
    updated: new Date(updated).toISOString(),
  }));
}

/**
 * sha256 over what a dataset is made of, in the order in which it was made: hash of each file and key of each job, each with how far
 * its files have been read, so that a running job's dataset has another revision with every answer.
 */
function revisionOf(sql: Sql, dataset: number): string {
  const parts = sql
    .prepare(
      `SELECT origin.kind AS kind, origin.key AS key, coalesce(sum(file.line), 0) AS lines FROM origin
       LEFT JOIN file ON file.origin = origin.n AND (origin.kind = 'import' OR file.path LIKE 'jobs/%/out/%')
       WHERE origin.dataset = ? GROUP BY origin.n ORDER BY origin.created, origin.kind, origin.name`,
    )
    .all<{ kind: string; key: string; lines: number }>(dataset);
  return hash("sha256", parts.map(({ kind, key, lines }) => `${kind} ${key} ${lines}\n`).join(""), "hex");
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
