import type { Sql } from "../store/sql.ts";
import { copyVerdict } from "../verify/copy.ts";
import { createRowWriter } from "./rows.ts";
import { seedText } from "./seeds.ts";

const BATCH = 1_000;

/** Judges the problems whose seed was not in the index when they came, now that it may be. */
export function settleCopies(sql: Sql): void {
  // Rows that another stands for have numbers below zero, and may come back.
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const waiting = sql
      .prepare(
        `SELECT row.n AS n, request.seed AS seed, body.text AS text FROM row JOIN body ON body.n = row.n
         JOIN response ON response.n = row.response JOIN request ON request.n = response.request
         WHERE row.copy = 2 AND row.parse = 1 AND row.n > ? ORDER BY row.n LIMIT ?`,
      )
      .all<{ n: number; seed: string; text: string }>(after, BATCH);
    if (waiting.length === 0) return;
    after = (waiting.at(-1) as { n: number }).n;
    const found = waiting.flatMap(({ n, seed, text }) => {
      const seedsText = seedText(sql, seed);
      return seedsText === undefined ? [] : [{ n, verdict: copyVerdict(text, seedsText) }];
    });
    if (found.length === 0) continue;
    sql.transaction(() => {
      const writer = createRowWriter(sql);
      writer.begin();
      for (const { n, verdict } of found) writer.judgeCopy(n, verdict);
      writer.flush();
    });
  }
}
