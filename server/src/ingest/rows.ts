import type { Verdict } from "#protocol/corpus.ts";
import type { Bind, Sql } from "../store/sql.ts";
import { compareOrigins, normalise, type Origin } from "../verify/duplicate.ts";
import { settleFamily } from "./family.ts";
import { textHash } from "./ids.ts";
import { createMarks } from "./marks.ts";
import { createTallies, type Facets } from "./tallies.ts";

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

/** What the index keeps of a row, as far as changing it needs to know. */
interface Stored extends Facets {
  id: string;
  parent: string | null;
  tally: number;
  copied: number | null;
  hash: Uint8Array | null;
}

const STORED = `SELECT id, parent, tally, dataset, kind, stage, format, template, parse, answer, copy, duplicate, accepted, label,
  parent IS NOT NULL AS edited, copied, hash FROM row WHERE n = ?`;

const SEARCHABLE = "(SELECT value FROM meta WHERE name = 'searchable')";

/** Puts rows into the index with their verdicts, tallies and duplicates. All of it happens inside the caller's transactions. */
export function createRowWriter(sql: Sql) {
  const tallies = createTallies(sql);
  const marks = createMarks(sql);
  /** Ids of new rows that people have labelled, edited or deleted before. */
  let awaited: string[] = [];
  let anyAwaited = false;
  /** Numbers whose text has come, gone or become another, and whether they were searchable before. */
  const texts = new Map<number, boolean>();
  let next = 0;

  // A row is refused where its id is there already, and where it would be a second original of one text.
  const insertRow = sql.prepare(
    "INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?) ON CONFLICT DO NOTHING",
  );
  const known = sql.prepare("SELECT 1 FROM row WHERE id = ?");
  const waitsFor = sql.prepare("SELECT 1 FROM entry_row WHERE row = ?");
  const insertBody = sql.prepare("INSERT INTO body VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const insertReason = sql.prepare("INSERT INTO verdict VALUES (?, ?, ?, ?)");
  const original = sql.prepare("SELECT n FROM row WHERE dataset = ? AND hash = ? AND duplicate = 1");
  const read = (n: number): Stored | undefined => sql.prepare(STORED).get<Stored>(n);

  /** Call it first in every transaction: another process may have added rows since the last one. */
  function begin(): void {
    tallies.clear();
    marks.clear();
    awaited = [];
    texts.clear();
    anyAwaited = sql.prepare("SELECT 1 FROM entry_row LIMIT 1").get() !== undefined;
    const used = sql.prepare("SELECT max(coalesce((SELECT max(n) FROM row), 0), (SELECT value FROM meta WHERE name = 'searchable')) AS n");
    next = (used.get<{ n: number }>()?.n ?? 0) + 1;
  }

  /** Call it last in every transaction. */
  function flush(): void {
    for (const id of awaited) settleFamily(sql, writer, id);
    awaited = [];
    tallies.flush();
    marks.flush();
    if (texts.size > 0) updateSearch();
  }

  /** In the order of their numbers: the full-text index writes a part of its own for each that comes after a higher one. */
  function updateSearch(): void {
    const numbers = [...texts.keys()].sort((a, b) => a - b);
    const out = sql.prepare(`DELETE FROM search WHERE rowid = ? AND rowid <= ${SEARCHABLE}`);
    const put = sql.prepare(
      `INSERT INTO search (rowid, text) SELECT body.n, text FROM body JOIN row ON row.n = body.n
       WHERE body.n = ? AND text IS NOT NULL AND row.dataset > 0 AND body.n <= ${SEARCHABLE}`,
    );
    for (const n of numbers) if (texts.get(n) === true) out.run(n);
    for (const n of numbers) put.run(n);
    sql.prepare("UPDATE meta SET value = value + 1 WHERE name = 'search changes'").run();
    texts.clear();
  }

  /** Adds a row unless its id is there already; tells whether it did. */
  function add(row: NewRow): boolean {
    const hash = row.kind === "problem" && row.text !== null ? textHash(normalise(row.text)) : null;
    const { verdicts } = row;
    const facets: Facets = {
      dataset: row.dataset,
      kind: row.kind === "seed" ? SEED : PROBLEM,
      stage: row.stage,
      format: row.format,
      template: row.template,
      parse: verdicts === null ? null : NUMBER[verdicts.parse.value],
      answer: verdicts === null ? null : NUMBER[verdicts.answer.value],
      copy: verdicts === null ? null : NUMBER[verdicts.copy.value],
      duplicate: verdicts === null ? null : hash === null ? NUMBER.unknown : NUMBER.pass,
      accepted: 0,
      label: null,
      edited: 0,
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
    const tally = tallies.numberOf(facets);
    const inserted = insertRow.run(
      n,
      row.id,
      row.dataset,
      facets.kind,
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
      tally,
    );
    if (inserted === 0) return false;
    next += 1;
    const extra = row.extra === null ? null : JSON.stringify(row.extra);
    insertBody.run(n, row.text, row.solution, row.answer, span?.start ?? null, span?.end ?? null, row.license, extra);
    if (verdicts !== null) for (const check of CHECKED) keepReason(n, verdicts[check]);
    tallies.add(tally, 1);
    if (anyAwaited && waitsFor.get(row.id) !== undefined) awaited.push(row.id);
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

  /** Changes a row, and with it whether it is accepted, and where it is counted. */
  function update(n: number, change: Partial<Pick<Stored, "dataset" | "duplicate" | "copy" | "copied" | "label">>): void {
    const before = read(n);
    if (before === undefined) return;
    const after = { ...before, ...change };
    after.accepted = isAccepted(after);
    after.tally = after.dataset < 0 ? 0 : tallies.numberOf(after);
    if (before.dataset > 0) tallies.add(before.tally, -1);
    if (after.dataset > 0) tallies.add(after.tally, 1);
    marks.toggle(before);
    marks.toggle(after);
    sql
      .prepare("UPDATE row SET dataset = ?, duplicate = ?, copy = ?, copied = ?, label = ?, accepted = ?, tally = ? WHERE n = ?")
      .run(after.dataset, after.duplicate, after.copy, after.copied, after.label, after.accepted, after.tally, n);
  }

  /** Gives a row the copy verdict that had to wait for its seed. */
  function judgeCopy(n: number, verdict: Verdict): void {
    sql.prepare(`DELETE FROM verdict WHERE row = ? AND "check" = 'copy'`).run(n);
    keepReason(n, verdict);
    update(n, { copy: NUMBER[verdict.value], copied: typeof verdict.evidence === "number" ? verdict.evidence : null });
  }

  /** Takes a row out of its dataset and keeps it; the earliest of its duplicates takes its place. */
  function hide(n: number): void {
    const row = read(n);
    if (row === undefined || row.dataset < 0) return;
    update(n, { dataset: -row.dataset, duplicate: null });
    unsearch(n);
    inherit(row);
  }

  /** Puts a hidden row back into its dataset. */
  function show(n: number): void {
    const row = read(n);
    if (row === undefined || row.dataset > 0) return;
    const dataset = -row.dataset;
    const twin = row.hash === null ? undefined : original.get<{ n: number }>(dataset, row.hash)?.n;
    const judged = row.hash === null ? NUMBER.unknown : twin === undefined ? NUMBER.pass : NUMBER.fail;
    update(n, { dataset, duplicate: row.kind === SEED ? null : judged });
    if (twin !== undefined && compareOrigins(originOf(n), originOf(twin)) < 0) setOriginal(twin, n);
    if (!texts.has(n)) texts.set(n, false);
  }

  /** Gives a hidden row another number, which nobody has. */
  function renumber(from: number, to: number): void {
    sql.prepare("UPDATE row SET n = ? WHERE n = ?").run(to, from);
    sql.prepare("UPDATE body SET n = ? WHERE n = ?").run(to, from);
    sql.prepare("UPDATE verdict SET row = ? WHERE row = ?").run(to, from);
  }

  /** Adds, hidden, what a row of a problem became by an edit. Everything about where it comes from is as in the row before. */
  function addEdited(n: number, before: number, edited: EditedRow): void {
    const { id, parent, text, solution, answer, verdicts } = edited;
    const { copy } = verdicts;
    sql
      .prepare(
        `INSERT INTO row SELECT ?, ?, -abs(dataset), kind, created, ?, tokens, stage, format, template, ?, ?, ?, NULL, 0, ?, ?, file, line,
         response, ordinal, NULL, ?, 0 FROM row WHERE n = ?`,
      )
      .run(
        n,
        id,
        text.length,
        NUMBER[verdicts.parse.value],
        NUMBER[verdicts.answer.value],
        NUMBER[copy.value],
        typeof copy.evidence === "number" ? copy.evidence : null,
        textHash(normalise(text)),
        parent,
        before,
      );
    sql
      .prepare("INSERT INTO body SELECT ?, ?, ?, ?, start, end, license, extra FROM body WHERE n = ?")
      .run(n, text, solution, answer, before);
    for (const check of CHECKED) keepReason(n, verdicts[check]);
  }

  /** Takes a row out for good, and what it was edited into; the earliest of its duplicates takes its place. */
  function remove(n: number): void {
    const row = read(n);
    if (row === undefined) return;
    for (const edited of sql.prepare("SELECT n FROM row WHERE parent = ?").all<{ n: number }>(row.id)) remove(edited.n);
    marks.toggle(row);
    if (row.dataset > 0) tallies.add(row.tally, -1);
    sql.prepare("DELETE FROM row WHERE n = ?").run(n);
    sql.prepare("DELETE FROM body WHERE n = ?").run(n);
    sql.prepare("DELETE FROM verdict WHERE row = ?").run(n);
    if (row.dataset < 0) return;
    unsearch(n);
    inherit(row);
  }

  function unsearch(n: number): void {
    if (!texts.has(n)) texts.set(n, true);
  }

  /** Where the row was the original of a text, the earliest of its duplicates is now. */
  function inherit({ dataset, duplicate, hash }: Stored): void {
    if (duplicate !== NUMBER.pass || hash === null) return;
    const heirs = sql.prepare("SELECT n FROM row WHERE dataset = ? AND hash = ? AND duplicate = 0").all<{ n: number }>(dataset, hash);
    const first = heirs.map(({ n: heir }) => ({ heir, origin: originOf(heir) })).sort((a, b) => compareOrigins(a.origin, b.origin))[0];
    if (first !== undefined) update(first.heir, { duplicate: NUMBER.pass });
  }

  const setLabel = (n: number, label: number | null): void => update(n, { label });

  const writer = { begin, add, remove, hide, show, renumber, addEdited, setLabel, judgeCopy, originOf, setOriginal, flush };
  return writer;
}

export type RowWriter = ReturnType<typeof createRowWriter>;

/** What an edit makes of a problem. */
export interface EditedRow {
  id: string;
  parent: string;
  text: string;
  solution: string | null;
  answer: string | null;
  verdicts: { parse: Verdict; answer: Verdict; copy: Verdict };
}

const isAccepted = ({ parse, answer, copy, duplicate }: Facets): number =>
  parse === NUMBER.pass && answer === NUMBER.pass && copy === NUMBER.pass && duplicate === NUMBER.pass ? 1 : 0;
