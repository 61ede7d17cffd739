import { fail } from "#protocol/errors.ts";
import type { OpContext } from "../store/ops.ts";
import type { SeedRow } from "../synthesis/build-request.ts";
import { findDataset } from "./dataset.ts";

interface Stored {
  n: number;
  id: string;
  created: number;
  text: string;
  stage: string | null;
  license: string | null;
  extra: string | null;
}

/** Where a page of seeds ended. */
export interface SeedPlace {
  created: number;
  n: number;
}

const COLUMNS = `row.n AS n, row.id AS id, row.created AS created, body.text AS text, row.stage AS stage, body.license AS license, body.extra AS extra
  FROM row JOIN body ON body.n = row.n`;

/** Seeds of a dataset in the order in which they came, as templates take them, from a place on. @throws usage/not-found, usage/invalid-argument */
export function seedRows(
  { sql }: OpContext,
  { dataset, after, limit }: { dataset: string; after: SeedPlace | null; limit: number },
): { rows: SeedRow[]; next: SeedPlace | null } {
  const number = findDataset(sql, dataset);
  refuseProblems(sql.prepare("SELECT kind FROM dataset WHERE n = ?").get<{ kind: string }>(number)?.kind, dataset);
  const found = sql
    .prepare(`SELECT ${COLUMNS} WHERE row.dataset = ? AND (row.created, row.n) > (?, ?) ORDER BY row.created, row.n LIMIT ?`)
    .all<Stored>(number, after?.created ?? Number.MIN_SAFE_INTEGER, after?.n ?? 0, limit);
  const last = found.at(-1);
  const next = last === undefined || found.length < limit ? null : { created: last.created, n: last.n };
  return { rows: found.map((row) => toSeed(dataset, row)), next };
}

/** One seed by its id. @throws usage/not-found, usage/invalid-argument where the row is a problem */
export function seedRow({ sql }: OpContext, { dataset, id }: { dataset: string; id: string }): SeedRow {
  const number = findDataset(sql, dataset);
  refuseProblems(sql.prepare("SELECT kind FROM dataset WHERE n = ?").get<{ kind: string }>(number)?.kind, dataset);
  const found = sql.prepare(`SELECT ${COLUMNS} WHERE row.id = ? AND row.dataset = ?`).get<Stored>(id, number);
  if (found !== undefined) return toSeed(dataset, found);
  throw fail("usage/not-found", `The seed is no longer in “${dataset}”`, { remedy: "Choose another one.", data: { id, dataset } });
}

function refuseProblems(kind: string | undefined, dataset: string): void {
  if (kind === "problem")
    throw fail("usage/invalid-argument", `“${dataset}” holds problems, not seeds`, { remedy: "Name a dataset of seeds." });
}

/** The same columns as `readSeeds` gives from the file, so that both ask the same request. */
function toSeed(dataset: string, { id, text, stage, license, extra }: Stored): SeedRow {
  const kept = extra === null ? {} : (JSON.parse(extra) as Record<string, unknown>);
  return { id, dataset, text, stage, columns: { ...(license === null ? {} : { license }), ...kept } };
}
