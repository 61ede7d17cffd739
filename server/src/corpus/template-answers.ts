import type { OpContext } from "../store/ops.ts";

/** Rows that are looked at: the latest of the project, so that a million rows cost no more than these. */
const LOOKED_AT = 20_000;

/** What a template's latest answers took: how many there are among the project's latest rows, and their mean of completion tokens. */
export function templateAnswers({ sql }: OpContext, { path }: { path: string }): { answers: number; meanTokens: number | null } {
  const found = sql
    .prepare(
      `SELECT count(*) AS answers, avg(tokens) AS meanTokens FROM (SELECT template, tokens FROM row ORDER BY n DESC LIMIT ?)
       WHERE tokens >= 0 AND template IN (SELECT n FROM template WHERE path = ?)`,
    )
    .get<{ answers: number; meanTokens: number | null }>(LOOKED_AT, path);
  return found ?? { answers: 0, meanTokens: null };
}
