import { fail } from "#protocol/errors.ts";
import { NEEDS_WRITE } from "../store/needs-write.ts";
import type { OpContext } from "../store/ops.ts";
import type { Sql } from "../store/sql.ts";

/** Rows of one transaction while texts are made searchable. */
const BATCH = 5_000;

/**
 * What the user typed as an expression of FTS5: every word quoted, all must occur. Signs only separate words, so that nothing
 * typed is taken for syntax. Null where there is no word.
 */
export function searchTerm(text: string | undefined): string | null {
  const words = text?.match(/[\p{L}\p{N}\p{M}\p{Co}]+/gu) ?? [];
  return words.length === 0 ? null : words.map((word) => `"${word}"`).join(" ");
}

/** Whether every row's text is searchable. */
export function isSearchable(sql: Sql): boolean {
  const state = sql
    .prepare("SELECT (SELECT value FROM meta WHERE name = 'searchable') AS done, coalesce((SELECT max(n) FROM row), 0) AS last")
    .get<{ done: number; last: number }>();
  return state !== undefined && state.done >= state.last;
}

/** In a reader: asks for the writer where rows have come since the last search. */
export function requireSearchable(sql: Sql): void {
  if (!isSearchable(sql))
    throw fail("index/unavailable", "Some rows are not searchable yet", {
      remedy: "Search again when the index can be written to.",
      data: { [NEEDS_WRITE]: "makeSearchable" },
    });
}

/** Adds the texts that came since the last search to the full-text index: cheaper after a bulk load than with every row. */
export async function makeSearchable({ sql, progress, signal, breathe }: OpContext): Promise<void> {
  for (;;) {
    const last = sql.transaction(() => {
      const done = sql.prepare("SELECT value FROM meta WHERE name = 'searchable'").get<{ value: number }>()?.value ?? 0;
      const to = sql
        .prepare("SELECT max(n) AS n FROM (SELECT n FROM row WHERE n > ? ORDER BY n LIMIT ?)")
        .get<{ n: number | null }>(done, BATCH)?.n;
      if (to === null || to === undefined) return null;
      sql
        .prepare(
          `INSERT INTO search (rowid, text) SELECT body.n, text FROM body JOIN row ON row.n = body.n
           WHERE body.n > ? AND body.n <= ? AND text IS NOT NULL AND row.dataset > 0`,
        )
        .run(done, to);
      sql.prepare("UPDATE meta SET value = ? WHERE name = 'searchable'").run(to);
      return to;
    });
    if (last === null) return;
    progress({ stage: "search index", done: last, unit: "rows" });
    // Lets a cancellation arrive.
    await new Promise((resolve) => setImmediate(resolve));
    await breathe?.();
    signal.throwIfAborted();
  }
}
