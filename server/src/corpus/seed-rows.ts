import { fail } from "#protocol/errors.ts";
import type { OpContext } from "../store/ops.ts";
import type { SeedRow } from "../synthesis/build-request.ts";
import type { Key } from "./cursor.ts";
import { findDataset } from "./dataset.ts";
import { keysAfter, wholeDataset } from "./keys.ts";

interface Stored {
  id: string;
  text: string;
  stage: string | null;
  license: string | null;
  extra: string | null;
}

const COLUMNS = "row.id AS id, body.text AS text, row.stage AS stage, body.license AS license, body.extra AS extra";

/** Seeds of a dataset in the order in which they came, as templates take them, from a place on. @throws usage/not-found, usage/invalid-argument */
export function seedRows(
  { sql }: OpContext,
  { dataset, after, limit }: { dataset: string; after: Key | null; limit: number },
): { rows: SeedRow[]; next: Key | null } {
  const number = findDataset(sql, dataset);
  refuseProblems(sql.prepare("SELECT kind FROM dataset WHERE n = ?").get<{ kind: string }>(number)?.kind, dataset);
  const keys = keysAfter(sql, wholeDataset(number), { after, limit });
  const found = sql
    .prepare(
      `SELECT ${COLUMNS} FROM json_each(?) AS place CROSS JOIN row ON row.n = place.value CROSS JOIN body ON body.n = row.n ORDER BY place.key`,
    )
    .all<Stored>(JSON.stringify(keys.map(({ n }) => n)));
  const next = keys.length < limit ? null : (keys.at(-1) ?? null);
  return { rows: found.map((row) => toSeed(dataset, row)), next };
}

/** One seed by its id. @throws usage/not-found, usage/invalid-argument where the row is a problem */
export function seedRow({ sql }: OpContext, { dataset, id }: { dataset: string; id: string }): SeedRow {
  const number = findDataset(sql, dataset);
  refuseProblems(sql.prepare("SELECT kind FROM dataset WHERE n = ?").get<{ kind: string }>(number)?.kind, dataset);
  const found = sql
    .prepare(`SELECT ${COLUMNS} FROM row JOIN body ON body.n = row.n WHERE row.id = ? AND row.dataset = ?`)
    .get<Stored>(id, number);
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
