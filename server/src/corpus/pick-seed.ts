import { fail } from "#protocol/errors.ts";
import type { PickedSeed } from "#protocol/messages/preview.ts";
import type { Params } from "#protocol/messages.ts";
import type { Bind, Sql } from "../store/sql.ts";
import { findDataset } from "./dataset.ts";
import { keysAfter, wholeDataset } from "./keys.ts";
import { requireSearchable, searchTerm } from "./search.ts";

export type Pick = Params<"seeds/pick">["pick"];

/** Places are counted among up to so many rows; beyond, it would be felt. */
const COUNTED_ROWS = 3_000_000;

/** Places of a list's rows are counted among up to so many, because each is counted for itself. */
const COUNTED_IN_LIST = 20_000;

/** Numbers that are tried before a random place is counted off. */
const PROBES = 64;

const MOST_FOUND = 50;
const TITLE_CHARACTERS = 60;

/** Columns that name where a seed stands in its text. */
const SECTION = ["section", "heading", "title"];

interface Seeds {
  n: number;
  name: string;
  total: number;
}

interface Found {
  n: number;
  id: string;
  created: number;
  length: number;
  text: string;
  extra: string | null;
}

const COLUMNS = "row.n AS n, row.id AS id, row.created AS created, row.length AS length, substr(body.text, 1, 400) AS text, extra";
const FROM = "FROM row CROSS JOIN body ON body.n = row.n";

/**
 * A row of a dataset of seeds, in the order in which they came; behind the last comes the first again. `dataset` null: the first that
 * was made. Null where there is none. @throws usage/not-found, usage/invalid-argument where the dataset holds problems
 */
export function pickSeed(sql: Sql, { dataset, pick }: { dataset: string | null; pick: Pick }): PickedSeed | null {
  const seeds = seedsOf(sql, dataset);
  if (seeds === null || seeds.total === 0) return null;
  const found = find(sql, seeds, pick);
  if (found === undefined) return null;
  const known = pick.how === "first" ? 1 : pick.how === "at" ? Math.min(pick.at, seeds.total) : null;
  return picked(seeds, found, known ?? placeOf(sql, seeds, found));
}

/** Up to 50 seeds with all of the words, the last of which may be begun only; or the one of a number; or the first ones. */
export function searchSeeds(
  sql: Sql,
  { dataset, search }: { dataset: string | null; search: string },
): { seeds: PickedSeed[]; more: boolean } {
  const seeds = seedsOf(sql, dataset);
  if (seeds === null || seeds.total === 0) return { seeds: [], more: false };
  const number = /^\s*[\d,]+\s*$/.test(search) ? Number(search.replaceAll(",", "")) : null;
  const ofNumber = number !== null && number >= 1 && number <= seeds.total ? find(sql, seeds, { how: "at", at: number }) : undefined;
  const term = searchTerm(search);
  const rows = term === null ? listFrom(sql, seeds) : matching(sql, seeds, `${term} *`);
  const shown = rows.slice(0, MOST_FOUND);
  const counted = seeds.total <= COUNTED_IN_LIST;
  const list = shown.map((row, at) => picked(seeds, row, term === null ? at + 1 : counted ? placeOf(sql, seeds, row) : null));
  const first = ofNumber === undefined ? [] : [picked(seeds, ofNumber, number)];
  return { seeds: [...first, ...list.filter(({ id }) => id !== first[0]?.id)], more: rows.length > MOST_FOUND };
}

function seedsOf(sql: Sql, dataset: string | null): Seeds | null {
  const total = "(SELECT coalesce(sum(rows), 0) FROM tally WHERE tally.dataset = dataset.n) AS total";
  if (dataset === null)
    return sql.prepare(`SELECT n, name, ${total} FROM dataset WHERE kind = 'seed' AND total > 0 ORDER BY n LIMIT 1`).get<Seeds>() ?? null;
  const n = findDataset(sql, dataset);
  const found = sql.prepare(`SELECT n, name, kind, ${total} FROM dataset WHERE n = ?`).get<Seeds & { kind: string }>(n);
  if (found?.kind === "seed") return found;
  throw fail("usage/invalid-argument", `“${dataset}” holds problems, not seeds`, { remedy: "Name a dataset of seeds." });
}

function find(sql: Sql, seeds: Seeds, pick: Pick): Found | undefined {
  const { n: dataset, total } = seeds;
  const read = (rest: string, ...params: Bind[]) =>
    sql.prepare(`SELECT ${COLUMNS} ${FROM} WHERE row.dataset = ? ${rest}`).get<Found>(dataset, ...params);
  const first = () => read("ORDER BY row.created, row.n LIMIT 1");
  // Rows are passed over in the index alone.
  const at = (number: number) =>
    read("AND row.n = (SELECT n FROM row WHERE dataset = ? ORDER BY created, n LIMIT 1 OFFSET ?)", dataset, number - 1);
  switch (pick.how) {
    case "first":
      return first();
    case "longest":
      return read("ORDER BY row.length DESC, row.n DESC LIMIT 1");
    case "at":
      return at(Math.min(pick.at, total));
    case "id":
      return read("AND row.id = ?", pick.id);
    case "random":
      return byProbing(sql, dataset) ?? at(1 + Math.floor(Math.random() * total));
    case "next":
    case "previous": {
      const from = sql.prepare("SELECT created, n FROM row WHERE id = ?").get<{ created: number; n: number }>(pick.from);
      if (from === undefined) return first();
      const order = wholeDataset(dataset, pick.how === "previous");
      const [beside] = keysAfter(sql, order, { after: { value: from.created, n: from.n }, limit: 1 });
      const [around] = beside === undefined ? keysAfter(sql, order, { after: null, limit: 1 }) : [beside];
      return around && read("AND row.n = ?", around.n);
    }
  }
}

/** A row of a number drawn among all that were ever given: every row is as likely. Undefined where others have nearly all of them. */
function byProbing(sql: Sql, dataset: number): Found | undefined {
  const last = sql.prepare("SELECT max(n) AS n FROM row").get<{ n: number }>()?.n ?? 0;
  const probe = sql.prepare(`SELECT ${COLUMNS} ${FROM} WHERE row.n = ? AND row.dataset = ?`);
  for (let tries = 0; tries < PROBES; tries++) {
    const found = probe.get<Found>(1 + Math.floor(Math.random() * last), dataset);
    if (found !== undefined) return found;
  }
  return undefined;
}

function placeOf(sql: Sql, { n: dataset, total }: Seeds, { created, n }: Found): number | null {
  if (total > COUNTED_ROWS) return null;
  const count = (terms: string, ...params: number[]) =>
    sql.prepare(`SELECT count(*) AS rows FROM row WHERE dataset = ? AND ${terms}`).get<{ rows: number }>(dataset, ...params)?.rows ?? 0;
  // Two plain ranges of the index: pairs of values would be compared one by one.
  return count("created < ?", created) + count("created = ? AND n <= ?", created, n);
}

const listFrom = (sql: Sql, { n }: Seeds): Found[] =>
  sql.prepare(`SELECT ${COLUMNS} ${FROM} WHERE row.dataset = ? ORDER BY row.created, row.n LIMIT ?`).all<Found>(n, MOST_FOUND + 1);

function matching(sql: Sql, { n }: Seeds, term: string): Found[] {
  requireSearchable(sql);
  const from = "FROM search CROSS JOIN row ON row.n = search.rowid CROSS JOIN body ON body.n = row.n";
  return sql
    .prepare(`SELECT ${COLUMNS} ${from} WHERE search MATCH ? AND row.dataset = ? ORDER BY search.rowid LIMIT ?`)
    .all<Found>(term, n, MOST_FOUND + 1);
}

const picked = ({ name, total }: Seeds, { id, length, text, extra }: Found, at: number | null): PickedSeed => ({
  dataset: name,
  id,
  at,
  total,
  title: titleOf(text, extra),
  characters: length,
});

/** The section that a seed names, or its first words. */
function titleOf(text: string, extra: string | null): string {
  const columns = extra === null ? {} : (JSON.parse(extra) as Record<string, unknown>);
  const named = SECTION.map((wanted) => Object.entries(columns).find(([name]) => name.toLowerCase() === wanted)?.[1]);
  const section = named.find((value): value is string => typeof value === "string" && value.trim() !== "");
  const words = (section ?? text).replace(/\s+/g, " ").trim();
  if (words.length <= TITLE_CHARACTERS) return words;
  return `${words.slice(0, TITLE_CHARACTERS).replace(/\s+\S*$/, "")}…`;
}
