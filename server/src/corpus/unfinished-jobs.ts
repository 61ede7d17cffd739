import type { OpContext } from "../store/ops.ts";

/** Ids of the jobs that have requests without an answer. */
export function unfinishedJobs({ sql }: OpContext): string[] {
  return sql
    .prepare(
      "SELECT name FROM origin WHERE kind = 'job' AND EXISTS (SELECT 1 FROM request WHERE origin = origin.n AND answered = 0) ORDER BY name",
    )
    .all<{ name: string }>()
    .map(({ name }) => name);
}
