import type { OpContext } from "../store/ops.ts";

/** What became of the requests of one template in one job. A request counts once, its problems each. */
export interface TemplateSummary {
  template: string;
  asked: number;
  answered: number;
  /** Problems that passed each check, or failed it where the name says a fault. */
  parsed: number;
  answer: number;
  copy: number;
  duplicate: number;
  accepted: number;
}

/** The table at the end of a run: one line per template, in the order of their paths. */
export function jobSummary({ sql }: OpContext, { job }: { job: string }): TemplateSummary[] {
  // Answers are found by key and dataset: another job of the same dataset may have received them.
  return sql
    .prepare(
      `SELECT coalesce(template.path, '') AS template, count(DISTINCT request.n) AS asked, count(DISTINCT response.n) AS answered,
         coalesce(sum(row.parse = 1), 0) AS parsed, coalesce(sum(row.answer = 1), 0) AS answer, coalesce(sum(row.copy = 0), 0) AS copy,
         coalesce(sum(row.duplicate = 0), 0) AS duplicate, coalesce(sum(row.accepted), 0) AS accepted
       FROM origin JOIN request ON request.origin = origin.n LEFT JOIN template ON template.n = request.template
         LEFT JOIN response ON response.dataset = origin.dataset AND response.key = request.key
         LEFT JOIN row ON row.response = response.n AND row.parent IS NULL
       WHERE origin.kind = 'job' AND origin.name = ? GROUP BY template.path ORDER BY template.path`,
    )
    .all<TemplateSummary>(job)
    .map((line) => ({ ...line }));
}
