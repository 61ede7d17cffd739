import { CHECKS, type Row, type Verdict } from "#protocol/corpus.ts";
import type { Sql } from "../store/sql.ts";
import { answerVerdict } from "../verify/answer.ts";
import { copyVerdict, copyVerdictOf } from "../verify/copy.ts";
import { duplicateVerdict } from "../verify/duplicate.ts";
import { parseVerdict } from "../verify/parse.ts";

interface Stored {
  id: string;
  dataset: number;
  kind: number;
  stage: string | null;
  format: string | null;
  created: number;
  tokens: number;
  accepted: number;
  parse: number | null;
  hasAnswer: number | null;
  copy: number | null;
  copied: number | null;
  duplicate: number | null;
  hash: Uint8Array | null;
  label: number | null;
  parent: string | null;
}

interface Body {
  text: string | null;
  solution: string | null;
  answer: string | null;
}

type Told = Pick<Verdict, "check" | "reason" | "evidence">;

/** Rows by their numbers, in the order given; a row that is gone is left out. `brief` ones have no solution. One small statement per table is faster than a join. */
export function hydrate(sql: Sql, numbers: Iterable<number>, { brief = false } = {}): { n: number; row: Row }[] {
  const readRow = sql.prepare(
    `SELECT id, dataset, kind, stage, format, created, tokens, accepted, parse, answer AS hasAnswer, copy, copied, duplicate, hash, label, parent
     FROM row WHERE n = ?`,
  );
  const readBody = sql.prepare(`SELECT text, ${brief ? "NULL AS solution" : "solution"}, answer FROM body WHERE n = ?`);
  const names = new Map<number, string>();
  const rows: { n: number; row: Row }[] = [];
  for (const n of numbers) {
    const stored = readRow.get<Stored>(n);
    const body = readBody.get<Body>(n);
    if (stored === undefined || body === undefined) continue;
    const dataset = names.get(stored.dataset) ?? nameOf(sql, stored.dataset);
    names.set(stored.dataset, dataset);
    const verdicts = stored.kind === 0 ? [] : verdictsOf(sql, n, stored, body.answer);
    rows.push({ n, row: toRow(dataset, stored, body, verdicts) });
  }
  return rows;
}

const nameOf = (sql: Sql, dataset: number): string =>
  sql.prepare("SELECT name FROM dataset WHERE n = ?").get<{ name: string }>(Math.abs(dataset))?.name ?? "";

function toRow(dataset: string, stored: Stored, { text, solution, answer }: Body, verdicts: Verdict[]): Row {
  const { id, stage, format, tokens, accepted, label, parent } = stored;
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
    tokens: tokens < 0 ? null : tokens,
    verdicts,
    accepted: accepted === 1,
    label: label === null ? null : label === 1 ? "keep" : "reject",
    parent,
  };
}

const VALUES = ["fail", "pass", "unknown"] as const;

/** Verdicts as the checks gave them: from the row's own columns, or with the reason that was kept. */
function verdictsOf(sql: Sql, n: number, stored: Stored, answer: string | null): Verdict[] {
  const values = { parse: stored.parse, answer: stored.hasAnswer, copy: stored.copy, duplicate: stored.duplicate };
  const explained = CHECKS.some((check) => values[check] === 2) || values.parse === 0;
  const told = explained ? sql.prepare(`SELECT "check", reason, evidence FROM verdict WHERE row = ?`).all<Told>(n) : [];
  return CHECKS.map((check): Verdict => {
    const value = VALUES[values[check] ?? 2] ?? "unknown";
    if (check === "duplicate" && stored.dataset < 0)
      return { check, value: "unknown", reason: "not in the dataset any more", evidence: null };
    const kept = told.find((one) => one.check === check);
    if (kept !== undefined) return { check, value, reason: kept.reason, evidence: kept.evidence };
    if (value === "unknown") return { check, value, reason: "not parsed", evidence: null };
    if (check === "parse") return parseVerdict(null);
    if (check === "answer") return answerVerdict(answer);
    if (check === "copy") return stored.copied === null ? copyVerdict("", null) : copyVerdictOf(stored.copied);
    return duplicateVerdict(value === "fail" ? originalOf(sql, stored) : null);
  });
}

/** Id of the row that a duplicate repeats. */
function originalOf(sql: Sql, { dataset, hash }: Stored): string | null {
  const found = sql.prepare("SELECT id FROM row WHERE dataset = ? AND hash = ? AND duplicate = 1").get<{ id: string }>(dataset, hash);
  return found?.id ?? null;
}
