import type { Row } from "#protocol/corpus.ts";
import type { OpContext } from "../store/ops.ts";
import { hydrate } from "./hydrate.ts";

/** Rows of a job that came after a place in the index. */
export interface JobRows {
  /** The first of them in full. */
  added: { row: Row; seed: string | null; key: string }[];
  count: number;
  parsed: number;
  accepted: number;
  /** Where the index ended by then. */
  last: number;
}

/** What people know a seed by: its own id where its file gives one, else the beginning of ours. */
const SEED_LABEL = `coalesce((SELECT CAST(json_extract(body.extra, '$.id') AS TEXT) FROM row AS seed JOIN body ON body.n = seed.n WHERE seed.id = request.seed), substr(request.seed, 1, 8))`;

/** The tail of the index is gone through, however long a job is. A row is the job's where its request is, whoever asked it and took it in. */
const FROM = `FROM row CROSS JOIN response ON response.n = row.response CROSS JOIN request ON request.key = response.key AND request.origin = ?
  WHERE row.n > ? AND row.n <= ? AND +row.dataset = ?`;

/** Where the index ends now. */
export const newestRow = ({ sql }: OpContext): number => sql.prepare("SELECT max(n) AS n FROM row").get<{ n: number | null }>()?.n ?? 0;

/** What has come for a job since `after`, a place in the index; at most `limit` rows in full. */
export function jobRows(context: OpContext, { job, after, limit }: { job: string; after: number; limit: number }): JobRows {
  const { sql } = context;
  const origin = sql.prepare("SELECT n, dataset FROM origin WHERE kind = 'job' AND name = ?").get<{ n: number; dataset: number }>(job);
  if (origin === undefined) return { added: [], count: 0, parsed: 0, accepted: 0, last: after };
  // What others put in is gone past once; rows that come between the questions are told the next time. An index that was made anew
  // meanwhile may end before the place that was known.
  const last = newestRow(context);
  const given = [origin.n, after, last, origin.dataset] as const;
  const all = sql
    .prepare(`SELECT count(*) AS count, coalesce(sum(row.parse = 1), 0) AS parsed, coalesce(sum(row.accepted), 0) AS accepted ${FROM}`)
    .get<{ count: number; parsed: number; accepted: number }>(...given);
  if (all === undefined || all.count === 0) return { added: [], count: 0, parsed: 0, accepted: 0, last };
  const first = sql
    .prepare(`SELECT row.n AS n, ${SEED_LABEL} AS seed, request.key AS key ${FROM} ORDER BY row.n LIMIT ?`)
    .all<{ n: number; seed: string | null; key: string }>(...given, limit);
  const rows = new Map(
    hydrate(
      sql,
      first.map(({ n }) => n),
    ).map(({ n, row }) => [n, row]),
  );
  const added = first.flatMap(({ n, seed, key }) => {
    const row = rows.get(n);
    return row === undefined ? [] : [{ row, seed, key }];
  });
  return { added, count: all.count, parsed: all.parsed, accepted: all.accepted, last };
}
