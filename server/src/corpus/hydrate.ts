import { CHECKS, type Row, type Verdict } from "#protocol/corpus.ts";
import type { Sql } from "../store/sql.ts";
import { answerVerdict } from "../verify/answer.ts";
import { copyVerdict, copyVerdictOf } from "../verify/copy.ts";
import { duplicateVerdict } from "../verify/duplicate.ts";
import { parseVerdict } from "../verify/parse.ts";

interface Stored {
  n: number;
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
  text: string | null;
  solution: string | null;
  answer: string | null;
}

type Told = Pick<Verdict, "check" | "reason" | "evidence">;

const select = (solution: string): string => `
  SELECT row.n AS n, row.id AS id, dataset, kind, stage, format, created, tokens, accepted, parse, row.answer AS hasAnswer, copy, copied,
    duplicate, hash, label, row.parent AS parent, text, ${solution} AS solution, body.answer AS answer
  FROM json_each(?) AS place CROSS JOIN row ON row.n = place.value CROSS JOIN body ON body.n = row.n`;

/**
 * Rows by their numbers, in the order given; a row that is gone is left out. `brief` ones have no solution. One statement for all of
 * them takes half the time of one for each.
 */
export function hydrate(sql: Sql, numbers: readonly number[], { brief = false } = {}): { n: number; row: Row }[] {
  const read = sql.prepare(select(brief ? "NULL" : "solution")).all<Stored>(JSON.stringify(numbers));
  const found = new Map(read.map((stored) => [stored.n, stored]));
  const names = new Map<number, string>();
  // Rows of one import have one time, and to write a time takes as long as to read a row.
  const times = new Map<number, string>();
  return numbers.flatMap((n) => {
    const stored = found.get(n);
    if (stored === undefined) return [];
    const dataset = names.get(stored.dataset) ?? nameOf(sql, stored.dataset);
    names.set(stored.dataset, dataset);
    const created = times.get(stored.created) ?? new Date(stored.created).toISOString();
    times.set(stored.created, created);
    return [{ n, row: toRow(dataset, created, stored, stored.kind === 0 ? [] : verdictsOf(sql, stored)) }];
  });
}

const nameOf = (sql: Sql, dataset: number): string =>
  sql.prepare("SELECT name FROM dataset WHERE n = ?").get<{ name: string }>(Math.abs(dataset))?.name ?? "";

function toRow(dataset: string, created: string, stored: Stored, verdicts: Verdict[]): Row {
  const { id, stage, format, text, solution, answer, tokens, accepted, label, parent } = stored;
  return {
    id,
    dataset,
    kind: stored.kind === 0 ? "seed" : "problem",
    stage,
    format,
    text,
    solution,
    answer,
    created,
    tokens: tokens < 0 ? null : tokens,
    verdicts,
    accepted: accepted === 1,
    label: label === null ? null : label === 1 ? "keep" : "reject",
    parent,
  };
}

const VALUES = ["fail", "pass", "unknown"] as const;

/** Verdicts as the checks gave them: from the row's own columns, or with the reason that was kept. */
function verdictsOf(sql: Sql, stored: Stored): Verdict[] {
  const { n, answer } = stored;
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
