import { CHECKS, type Row, type Verdict } from "#protocol/corpus.ts";
import type { Sql } from "../store/sql.ts";
import { answerVerdict } from "../verify/answer.ts";
import { copyVerdict, copyVerdictOf } from "../verify/copy.ts";
import { duplicateVerdict } from "../verify/duplicate.ts";
import { parseVerdict } from "../verify/parse.ts";

interface Stored {
  n: number;
  id: string;
  dataset: string;
  kind: number;
  stage: string | null;
  format: string | null;
  text: string | null;
  solution: string | null;
  answer: string | null;
  created: number;
  tokens: number;
  accepted: number;
  parse: number | null;
  hasAnswer: number | null;
  copy: number | null;
  copied: number | null;
  duplicate: number | null;
  original: string | null;
}

const SELECT = `
  SELECT row.n AS n, row.id AS id, dataset.name AS dataset, row.kind AS kind, row.stage AS stage, row.format AS format, body.text AS text,
    body.solution AS solution, body.answer AS answer, row.created AS created, row.tokens AS tokens, row.accepted AS accepted,
    row.parse AS parse, row.answer AS hasAnswer, row.copy AS copy, row.copied AS copied, row.duplicate AS duplicate,
    CASE WHEN row.duplicate = 0
      THEN (SELECT id FROM row AS first WHERE first.dataset = row.dataset AND first.hash = row.hash AND first.duplicate = 1) END AS original
  FROM row JOIN body ON body.n = row.n JOIN dataset ON dataset.n = row.dataset WHERE row.n = ?`;

/** Whole rows by their numbers, in the order given; a row that is gone is left out. */
export function hydrate(sql: Sql, numbers: Iterable<number>): { n: number; row: Row }[] {
  const read = sql.prepare(SELECT);
  const reasons = sql.prepare(`SELECT "check", reason, evidence FROM verdict WHERE row = ?`);
  const rows: { n: number; row: Row }[] = [];
  for (const n of numbers) {
    const stored = read.get<Stored>(n);
    if (stored === undefined) continue;
    const told = stored.kind === 0 ? [] : reasons.all<Pick<Verdict, "check" | "reason" | "evidence">>(n);
    rows.push({ n, row: toRow(stored, told) });
  }
  return rows;
}

function toRow(stored: Stored, told: Pick<Verdict, "check" | "reason" | "evidence">[]): Row {
  const { id, dataset, stage, format, text, solution, answer } = stored;
  return {
    id,
    dataset,
    kind: stored.kind === 0 ? "seed" : "problem",
    stage,
    format,
    text,
    solution,
    answer,
    created: new Date(stored.created).toISOString(),
    tokens: stored.tokens < 0 ? null : stored.tokens,
    verdicts: stored.kind === 0 ? [] : verdictsOf(stored, told),
    accepted: stored.accepted === 1,
  };
}

/** Verdicts as the checks gave them: from the row's own columns, or with the reason that was kept. */
function verdictsOf(stored: Stored, told: Pick<Verdict, "check" | "reason" | "evidence">[]): Verdict[] {
  const values = { parse: stored.parse, answer: stored.hasAnswer, copy: stored.copy, duplicate: stored.duplicate };
  return CHECKS.map((check): Verdict => {
    const value = (["fail", "pass", "unknown"] as const)[values[check] ?? 2] ?? "unknown";
    const kept = told.find((one) => one.check === check);
    if (kept !== undefined) return { check, value, reason: kept.reason, evidence: kept.evidence };
    if (value === "unknown") return { check, value, reason: "not parsed", evidence: null };
    if (check === "parse") return parseVerdict(null);
    if (check === "answer") return answerVerdict(stored.answer);
    if (check === "copy") return stored.copied === null ? copyVerdict("", null) : copyVerdictOf(stored.copied);
    return duplicateVerdict(stored.original);
  });
}
