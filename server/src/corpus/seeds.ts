import { fail } from "#protocol/errors.ts";
import type { Sql } from "../store/sql.ts";
import { findDataset } from "./dataset.ts";

/** A seed as templates take it: whole text, and the columns that its file had besides. */
export interface Seed {
  id: string;
  dataset: string;
  text: string;
  stage: string | null;
  columns: Record<string, unknown>;
}

export interface SeedQuery {
  dataset: string;
  /** Only rows that this imported file holds. */
  sha256?: string;
  /** Cursor of the page before. */
  after?: string | null;
  limit: number;
}

/** Seeds of a dataset in the order in which they were imported, by pages. @throws usage/not-found, usage/invalid-argument */
export function seedPage(sql: Sql, { dataset, sha256, after = null, limit }: SeedQuery): { seeds: Seed[]; next: string | null } {
  const number = findDataset(sql, dataset);
  const kind = sql.prepare("SELECT kind FROM dataset WHERE n = ?").get<{ kind: string }>(number)?.kind;
  if (kind !== "seed")
    throw fail("usage/invalid-argument", `“${dataset}” holds problems, not seeds`, { remedy: "Name a dataset of seeds." });
  const ofFile =
    sha256 === undefined ? "" : "AND row.file IN (SELECT file.n FROM file JOIN origin ON origin.n = file.origin WHERE origin.name = ?)";
  const found = sql
    .prepare(
      `SELECT row.n AS n, row.id AS id, row.stage AS stage, text, license, extra FROM row JOIN body ON body.n = row.n
       WHERE row.n > ? AND +row.dataset = ? ${ofFile} ORDER BY row.n LIMIT ?`,
    )
    .all<{ n: number; id: string; stage: string | null; text: string; license: string | null; extra: string | null }>(
      Number(after ?? 0),
      number,
      ...(sha256 === undefined ? [] : [sha256]),
      limit,
    );
  const seeds = found.map(({ id, stage, text, license, extra }) => ({
    id,
    dataset,
    text,
    stage,
    columns: { ...(license === null ? {} : { license }), ...(extra === null ? {} : (JSON.parse(extra) as Record<string, unknown>)) },
  }));
  return { seeds, next: found.length === limit ? String(found.at(-1)?.n) : null };
}
