import { fail } from "#protocol/errors.ts";
import type { Sql } from "../store/sql.ts";

const CANDIDATES = 5;

interface Found {
  n: number;
  id: string;
  dataset: string;
  text: string | null;
}

/** The row that a beginning of its id names. @throws usage/not-found, usage/invalid-argument where several have it */
export function findRow(sql: Sql, prefix: string): Found {
  const wanted = prefix.trim().toLowerCase();
  const found = /^[0-9a-f]+$/.test(wanted) ? startingWith(sql, wanted) : [];
  if (found.length === 1) return found[0] as Found;
  if (found.length > 1)
    throw fail("usage/invalid-argument", `Several rows begin with ${wanted}`, {
      remedy: `Give more digits: ${describe(found)}${found.length > CANDIDATES ? ", …" : ""}.`,
      data: { candidates: found.slice(0, CANDIDATES).map(({ id }) => id) },
    });
  const near = nearest(sql, wanted);
  throw fail("usage/not-found", `No row has an id that begins with “${prefix}”`, {
    remedy: near.length === 0 ? "`jiuzhang list DATASET` shows ids." : `Near are ${describe(near)}.`,
    data: { candidates: near.map(({ id }) => id) },
  });
}

function startingWith(sql: Sql, digits: string): Found[] {
  return sql
    .prepare(
      `SELECT row.n AS n, row.id AS id, dataset.name AS dataset, substr(body.text, 1, 60) AS text FROM row
       JOIN dataset ON dataset.n = abs(row.dataset) JOIN body ON body.n = row.n WHERE row.id >= ? AND row.id < ? ORDER BY row.id LIMIT ?`,
    )
    .all<Found>(digits, `${digits}g`, CANDIDATES + 1);
}

/** Rows that share as much as possible of the beginning, at least two digits. */
function nearest(sql: Sql, wanted: string): Found[] {
  const digits = /^[0-9a-f]*/.exec(wanted)?.[0] ?? "";
  for (let length = Math.min(digits.length, 24); length >= 2; length--) {
    const found = startingWith(sql, digits.slice(0, length));
    if (found.length > 0) return found.slice(0, CANDIDATES);
  }
  return [];
}

const describe = (rows: Found[]): string =>
  rows
    .slice(0, CANDIDATES)
    .map(({ id, dataset, text }) => `${id.slice(0, 12)} (${dataset}: ${(text ?? "not parsed").replace(/\s+/g, " ").slice(0, 40)})`)
    .join(", ");
