import { randomBytes } from "node:crypto";
import type { Label, Row } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import type { LabelLine } from "#protocol/files/labels.ts";
import type { Change } from "#protocol/messages/corpus.ts";
import { hydrate } from "../corpus/hydrate.ts";
import { editedId } from "../ingest/ids.ts";
import { withProjectLock } from "../jobs/project-lock.ts";
import type { OpContext } from "../store/ops.ts";
import type { Sql } from "../store/sql.ts";
import { appendEntry } from "./append.ts";
import { personName } from "./files.ts";
import { takeInNow } from "./take-in.ts";
import { wordsOf } from "./words.ts";

/** What a person asks for. */
export type Wanted =
  | { kind: "label"; rows: readonly string[]; label: Label | null; why: string | null }
  | { kind: "edit"; row: string; text: string; solution: string | null; answer: string | null }
  | { kind: "delete"; rows: readonly string[] }
  /** Null: the latest entry of this person that is not undone. */
  | { kind: "undo"; entry: string | null };

/** What came of it. */
export interface Changed {
  /** For an undo: what was taken back. Null where there was nothing to take back. */
  change: Change | null;
  /** Names of the datasets that look different now. */
  datasets: string[];
  /** What an edit made. */
  row: Row | null;
}

/** Times of four digits of a year are all that a labels file knows. */
const LAST = Date.parse("9999-12-31T23:59:59.999Z");

/** How long another window, or a run's planning, is waited for. */
const PATIENCE_MILLISECONDS = 10_000;

/**
 * Writes a label, edit, deletion or undo to the person's file, and brings it into the index: both, or neither; should the index fail at
 * its very end, the file counts and the index follows with the next thing that is taken in.
 * @throws usage/not-found, usage/invalid-argument, labels/unwritable, project/busy, index/…
 */
export async function changeRows(context: OpContext, { person, wanted }: { person: string; wanted: Wanted }): Promise<Changed> {
  const { sql, project, signal } = context;
  const name = personName(person);
  const change = () =>
    sql.transaction(() => {
      takeInNow(sql, project);
      const entry = entryOf(sql, name, wanted);
      if (entry === null) return { change: null, datasets: [], row: null };
      appendEntry(project, name, entry);
      return told(sql, wanted, entry, takeInNow(sql, project));
    });
  return await withProjectLock(project, change, { work: "label", patience: PATIENCE_MILLISECONDS, signal });
}

/** The entry that a wish makes, or null where an undo finds nothing. */
function entryOf(sql: Sql, person: string, wanted: Wanted): LabelLine | null {
  const made = { version: 1, id: randomBytes(12).toString("hex") } as const;
  if (wanted.kind === "undo") {
    const entry = wanted.entry === null ? lastOf(sql, person) : named(sql, wanted.entry);
    return entry === null ? null : { ...made, at: timeFor(sql, person, []), kind: "undo", entry };
  }
  if (wanted.kind === "edit") {
    const row = editable(sql, wanted);
    return { ...made, at: timeFor(sql, person, [row]), ...wanted, row };
  }
  const rows = present(sql, wanted.rows);
  return { ...made, at: timeFor(sql, person, rows), ...wanted, rows };
}

/** Those of the rows that are in their dataset, each once. @throws usage/not-found where none is */
function present(sql: Sql, ids: readonly string[]): string[] {
  const there = sql.prepare("SELECT 1 FROM row WHERE id = ? AND dataset > 0");
  const rows = [...new Set(ids)].filter((id) => there.get(id) !== undefined);
  if (rows.length > 0) return rows;
  throw fail(
    "usage/not-found",
    ids.length === 1 ? "This row is not in its dataset any more" : "None of these rows is in its dataset any more",
    {
      remedy: "Somebody has edited or deleted it meanwhile; show the dataset again.",
      data: { ids: ids.slice(0, 20) },
    },
  );
}

function editable(sql: Sql, { row, text, solution, answer }: Wanted & { kind: "edit" }): string {
  const [id] = present(sql, [row]) as [string];
  const there = sql
    .prepare("SELECT kind, text, solution, body.answer AS answer FROM row JOIN body ON body.n = row.n WHERE row.id = ?")
    .get<{ kind: number; text: string | null; solution: string | null; answer: string | null }>(id);
  const refuse = (message: string, remedy: string) => fail("usage/invalid-argument", message, { remedy, data: { id } });
  if (there?.kind === 0) throw refuse("A seed is not edited here", "Edit its file and import it again.");
  if (text.trim() === "") throw refuse("The problem is empty", "Write a problem, or delete the row.");
  if ([text, solution, answer].some((part) => part?.includes("\0") === true)) throw refuse("The text has a NUL character", "Take it out.");
  if (there?.text === text && there.solution === solution && there.answer === answer)
    throw refuse("Nothing was changed", "Change the problem, its solution or its answer.");
  return id;
}

const UNDONE = "EXISTS (SELECT 1 FROM entry AS undo WHERE undo.undoes = entry.id)";

function lastOf(sql: Sql, person: string): string | null {
  return (
    sql
      .prepare(
        `SELECT entry.id AS id FROM entry JOIN label_file ON label_file.n = entry.file
         WHERE person = ? AND kind <> 'undo' AND NOT ${UNDONE} ORDER BY at DESC, entry.id DESC LIMIT 1`,
      )
      .get<{ id: string }>(person)?.id ?? null
  );
}

/** The entry, or null where it is undone already. @throws usage/not-found */
function named(sql: Sql, id: string): string | null {
  const found = sql.prepare(`SELECT ${UNDONE} AS undone FROM entry WHERE id = ? AND kind <> 'undo'`).get<{ undone: number }>(id);
  if (found === undefined)
    throw fail("usage/not-found", "There is no such label, edit or deletion to take back", {
      remedy: "Show the row again: its labels file has changed.",
      data: { entry: id },
    });
  return found.undone === 1 ? null : id;
}

/** Now, but later than what is known about the rows and than the person's own entries, whatever their clocks said. */
function timeFor(sql: Sql, person: string, rows: string[]): string {
  const about = sql.prepare("SELECT max(at) AS at FROM entry_row JOIN entry ON entry.n = entry_row.entry WHERE entry_row.row = ?");
  const own = sql.prepare("SELECT max(at) AS at FROM entry WHERE file = (SELECT n FROM label_file WHERE person = ?)");
  let latest = own.get<{ at: number | null }>(person)?.at ?? 0;
  for (const row of rows) latest = Math.max(latest, about.get<{ at: number | null }>(row)?.at ?? 0);
  return new Date(Math.min(LAST, Math.max(Date.now(), latest + 1))).toISOString();
}

function told(sql: Sql, wanted: Wanted, entry: LabelLine, touched: Set<string>): Changed {
  const names = sql.prepare("SELECT name FROM row JOIN dataset ON dataset.n = abs(row.dataset) WHERE row.id = ?");
  const datasets = new Set([...touched].flatMap((id) => names.all<{ name: string }>(id).map(({ name }) => name)));
  const about = { datasets: [...datasets].sort(), row: null };
  if (entry.kind === "undo") return { ...about, change: stored(sql, entry.entry) };
  const rows = entry.kind === "edit" ? 1 : entry.rows.length;
  const asked = wanted.kind === "label" || wanted.kind === "delete" ? new Set(wanted.rows).size : rows;
  const label = entry.kind === "label" ? entry.label : null;
  const gone = asked > rows ? `, ${(asked - rows).toLocaleString("en-US")} not there any more` : "";
  const change: Change = { entry: entry.id, kind: entry.kind, rows, words: `${wordsOf(entry.kind, rows, label)}${gone}` };
  if (entry.kind !== "edit") return { ...about, change };
  const made = sql.prepare("SELECT n FROM row WHERE id = ?").get<{ n: number }>(editedId(entry.row, entry, entry.id));
  return { ...about, change, row: made === undefined ? null : (hydrate(sql, [made.n])[0]?.row ?? null) };
}

function stored(sql: Sql, id: string): Change | null {
  const entry = sql
    .prepare("SELECT n, kind, detail FROM entry WHERE id = ?")
    .get<{ n: number; kind: Change["kind"]; detail: string | null }>(id);
  if (entry === undefined) return null;
  const rows = sql.prepare("SELECT count(*) AS rows FROM entry_row WHERE entry = ?").get<{ rows: number }>(entry.n)?.rows as number;
  const label = entry.kind === "label" ? (JSON.parse(entry.detail as string) as { label: Label | null }).label : null;
  return { entry: id, kind: entry.kind, rows, words: wordsOf(entry.kind, rows, label) };
}
