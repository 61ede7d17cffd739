import type { Verdict } from "#protocol/corpus.ts";
import type { Bind, Sql } from "../store/sql.ts";
import { compareOrigins, normalise, type Origin } from "../verify/duplicate.ts";
import { createCounters, type Facets } from "./counters.ts";
import { textHash } from "./ids.ts";

/** A row on its way into the index. */
export interface NewRow {
  id: string;
  dataset: number;
  kind: "seed" | "problem";
  /** Milliseconds since 1970. */
  created: number;
  text: string | null;
  solution: string | null;
  answer: string | null;
  stage: string | null;
  format: string | null;
  template: number | null;
  tokens: number | null;
  file: number;
  line: number;
  span: { start: number; end: number } | null;
  license: string | null;
  extra: Record<string, unknown> | null;
  response: number | null;
  /** Request key or hash of the imported file; with `ordinal` it decides which of equal texts is the original. */
  source: string;
  ordinal: number;
  /** Null for seeds. */
  verdicts: { parse: Verdict; answer: Verdict; copy: Verdict } | null;
}

const NUMBER = { fail: 0, pass: 1, unknown: 2 } as const;
const CHECKED = ["parse", "answer", "copy"] as const;
const SEED = 0;
const PROBLEM = 1;

/** Puts rows into the index with their verdicts, counters and duplicates. All of it happens inside the caller's transactions. */
export function createRowWriter(sql: Sql) {
  const counters = createCounters(sql);
  let next = 0;

  // A row is refused where its id is there already, and where it would be a second original of one text.
  const insertRow = sql.prepare(
    "INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const known = sql.prepare("SELECT 1 FROM row WHERE id = ?");
  const insertBody = sql.prepare("INSERT INTO body VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const insertReason = sql.prepare("INSERT INTO verdict VALUES (?, ?, ?, ?)");
  const original = sql.prepare("SELECT n FROM row WHERE dataset = ? AND hash = ? AND duplicate = 1");

  /** Call it first in every transaction: another process may have added rows since the last one. */
  function begin(): void {
    counters.clear();
    const used = sql.prepare("SELECT max(coalesce((SELECT max(n) FROM row), 0), (SELECT value FROM meta WHERE name = 'searchable')) AS n");
    next = (used.get<{ n: number }>()?.n ?? 0) + 1;
  }

  /** Adds a row unless its id is there already; tells whether it did. */
  function add(row: NewRow): boolean {
    const hash = row.kind === "problem" && row.text !== null ? textHash(normalise(row.text)) : null;
    const { verdicts } = row;
    const facets: Facets = {
      dataset: row.dataset,
      stage: row.stage,
      format: row.format,
      template: row.template,
      parse: verdicts === null ? null : NUMBER[verdicts.parse.value],
      answer: verdicts === null ? null : NUMBER[verdicts.answer.value],
      copy: verdicts === null ? null : NUMBER[verdicts.copy.value],
      duplicate: verdicts === null ? null : hash === null ? NUMBER.unknown : NUMBER.pass,
      accepted: 0,
    };
    if (insert(row, facets, hash)) return true;
    if (hash === null || known.get(row.id) !== undefined) return false;
    // The dataset has this text already. Most texts are new, so it is cheaper to find out by the refusal than to ask before.
    const twin = original.get<{ n: number }>(row.dataset, hash)?.n as number;
    facets.duplicate = NUMBER.fail;
    const n = next;
    insert(row, facets, hash);
    if (compareOrigins(row, originOf(twin)) < 0) setOriginal(twin, n);
    return true;
  }

  function insert(row: NewRow, facets: Facets, hash: Uint8Array | null): boolean {
    const { verdicts, span } = row;
    const n = next;
    const copied = typeof verdicts?.copy.evidence === "number" ? verdicts.copy.evidence : null;
    facets.accepted = isAccepted(facets);
    const inserted = insertRow.run(
      n,
      row.id,
      row.dataset,
      row.kind === "seed" ? SEED : PROBLEM,
      row.created,
      row.text?.length ?? 0,
      row.tokens ?? -1,
      row.stage,
      row.format,
      row.template,
      facets.parse,
      facets.answer,
      facets.copy,
      facets.duplicate,
      facets.accepted,
      copied,
      hash,
      row.file,
      row.line,
      row.response,
      row.ordinal,
    );
    if (inserted === 0) return false;
    next += 1;
    const extra = row.extra === null ? null : JSON.stringify(row.extra);
    insertBody.run(n, row.text, row.solution, row.answer, span?.start ?? null, span?.end ?? null, row.license, extra);
    if (verdicts !== null) for (const check of CHECKED) keepReason(n, verdicts[check]);
    counters.add(facets, 1);
    return true;
  }

  /** Only what cannot be told from the row itself: a failure's reason, and why something is unknown. */
  function keepReason(n: number, { check, value, reason, evidence }: Verdict): void {
    if (value === "unknown" || (check === "parse" && value === "fail")) insertReason.run(n, check, reason, evidence as Bind);
  }

  /** Where a row comes from, for the order of equal texts. */
  function originOf(n: number): Origin {
    const origin = sql
      .prepare(
        `SELECT row.created AS created, row.ordinal AS ordinal, coalesce(response.key, origin.name) AS source
         FROM row JOIN file ON file.n = row.file JOIN origin ON origin.n = file.origin LEFT JOIN response ON response.n = row.response WHERE row.n = ?`,
      )
      .get<Origin>(n);
    if (origin === undefined) throw new Error(`Row ${n} has no origin`);
    return origin;
  }

  /** An earlier row has come late: it is the original now. */
  function setOriginal(old: number, now: number): void {
    update(old, { duplicate: NUMBER.fail });
    update(now, { duplicate: NUMBER.pass });
  }

  /** Changes verdicts of a row, and with them whether it is accepted, and the counters. */
  function update(n: number, change: { duplicate?: number; copy?: number; copied?: number | null }): void {
    const before = sql
      .prepare("SELECT dataset, stage, format, template, parse, answer, copy, duplicate, accepted, copied FROM row WHERE n = ?")
      .get<Facets & { copied: number | null }>(n);
    if (before === undefined) return;
    const after = { ...before, ...change };
    after.accepted = isAccepted(after);
    counters.add(before, -1);
    counters.add(after, 1);
    sql
      .prepare("UPDATE row SET duplicate = ?, copy = ?, copied = ?, accepted = ? WHERE n = ?")
      .run(after.duplicate, after.copy, after.copied, after.accepted, n);
  }

  /** Gives a row the copy verdict that had to wait for its seed. */
  function judgeCopy(n: number, verdict: Verdict): void {
    sql.prepare(`DELETE FROM verdict WHERE row = ? AND "check" = 'copy'`).run(n);
    keepReason(n, verdict);
    update(n, { copy: NUMBER[verdict.value], copied: typeof verdict.evidence === "number" ? verdict.evidence : null });
  }

  /** Takes a row out; the earliest of its duplicates takes its place. */
  function remove(n: number): void {
    const row = sql
      .prepare("SELECT dataset, stage, format, template, parse, answer, copy, duplicate, accepted, hash FROM row WHERE n = ?")
      .get<Facets & { hash: Uint8Array | null }>(n);
    if (row === undefined) return;
    counters.add(row, -1);
    sql.prepare("DELETE FROM row WHERE n = ?").run(n);
    sql.prepare("DELETE FROM body WHERE n = ?").run(n);
    sql.prepare("DELETE FROM verdict WHERE row = ?").run(n);
    sql.prepare("DELETE FROM search WHERE rowid = ? AND rowid <= (SELECT value FROM meta WHERE name = 'searchable')").run(n);
    if (row.duplicate !== NUMBER.pass || row.hash === null) return;
    const heirs = sql
      .prepare("SELECT n FROM row WHERE dataset = ? AND hash = ? AND duplicate = 0")
      .all<{ n: number }>(row.dataset, row.hash);
    const first = heirs.map(({ n: heir }) => ({ heir, origin: originOf(heir) })).sort((a, b) => compareOrigins(a.origin, b.origin))[0];
    if (first !== undefined) update(first.heir, { duplicate: NUMBER.pass });
  }

  return { begin, add, remove, judgeCopy, originOf, setOriginal, flush: counters.flush };
}

export type RowWriter = ReturnType<typeof createRowWriter>;

const isAccepted = ({ parse, answer, copy, duplicate }: Facets): number =>
  parse === NUMBER.pass && answer === NUMBER.pass && copy === NUMBER.pass && duplicate === NUMBER.pass ? 1 : 0;
