import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { type Problem, toProblem } from "#protocol/errors.ts";
import type { LabelLine } from "#protocol/files/labels.ts";
import { settleFamily } from "../ingest/family.ts";
import { createRowWriter } from "../ingest/rows.ts";
import type { OpContext } from "../store/ops.ts";
import type { Sql } from "../store/sql.ts";
import { labelsFile, labelsPath, people } from "./files.ts";
import { malformed, type ReadEntry, readLabels } from "./parse.ts";

/** How far a person's file has been read. */
interface FileState {
  n: number;
  person: string;
  stamp: string;
  position: number;
  line: number;
  /** sha256 of everything up to `position`; empty where the file has to be read anew. */
  prefix: string;
  rejected: number;
  problems: string;
}

/** Problems of a file that are kept in full; further ones are only counted. */
const MOST_PROBLEMS = 20;

/** Nothing of a file; what a missing one has, too. */
const EMPTY = { stamp: "", position: 0, line: 0, prefix: "", rejected: 0, problems: "[]" };

/** Brings into the index what people's files say and it does not, and tells about how many rows, and what in the files cannot be read. */
export function takeInLabels({ sql, project }: OpContext): { rows: number; problems: Problem[] } {
  const changed = changedFiles(project, states(sql)).length > 0;
  const rows = changed ? sql.transaction(() => takeInNow(sql, project)).size : 0;
  return { rows, problems: states(sql).flatMap(({ problems }) => JSON.parse(problems) as Problem[]) };
}

/** The same inside a transaction of the caller; returns the ids of the rows that something new is said about. */
export function takeInNow(sql: Sql, project: string): Set<string> {
  const touched = new Set<string>();
  const undone = new Set<string>();
  for (const { person, stamp, state } of changedFiles(project, states(sql)))
    readFile(sql, project, { person, stamp, state: state ?? addFile(sql, person) }, { touched, undone });
  const rowsOf = sql.prepare("SELECT row FROM entry_row JOIN entry ON entry.n = entry_row.entry WHERE entry.id = ?");
  for (const id of undone) for (const { row } of rowsOf.all<{ row: string }>(id)) touched.add(row);
  if (touched.size === 0) return touched;
  const writer = createRowWriter(sql);
  writer.begin();
  for (const id of touched) settleFamily(sql, writer, id);
  writer.flush();
  return touched;
}

const states = (sql: Sql): FileState[] =>
  sql.prepare("SELECT n, person, stamp, position, line, prefix, rejected, problems FROM label_file ORDER BY person").all<FileState>();

function addFile(sql: Sql, person: string): FileState {
  const made = sql
    .prepare(
      "INSERT INTO label_file (person, stamp, position, line, prefix, rejected, problems) VALUES (?, '', 0, 0, '', 0, '[]') RETURNING n",
    )
    .get<{ n: number }>(person);
  return { ...EMPTY, n: made?.n as number, person };
}

/** Files that are new, gone, or not as they were when they were read. */
function changedFiles(project: string, known: FileState[]): { person: string; stamp: string; state: FileState | undefined }[] {
  const names = new Set([...people(project), ...known.map(({ person }) => person)]);
  return [...names].flatMap((person) => {
    const state = known.find((one) => one.person === person);
    const stamp = stampOf(labelsFile(project, person));
    return stamp === (state?.stamp ?? "") ? [] : [{ person, stamp, state }];
  });
}

/** Changes with every change of a file; empty where there is none. */
function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.size} ${stat.mtimeNs} ${stat.ino}`;
}

interface Told {
  touched: Set<string>;
  /** Ids of entries that an undo names. */
  undone: Set<string>;
}

function readFile(
  sql: Sql,
  project: string,
  { person, stamp, state }: { person: string; stamp: string; state: FileState },
  told: Told,
): void {
  const content = contentOf(project, person);
  if (!Buffer.isBuffer(content)) {
    forget(sql, entriesIn(sql, state.n), told);
    save(sql, { ...state, ...EMPTY, stamp, rejected: 1, problems: JSON.stringify([content]) });
    return;
  }
  const follows = state.prefix !== "" && content.length >= state.position && digestOf(content, state.position) === state.prefix;
  const read = readLabels(person, content, follows ? state : { position: 0, line: 0 });
  const problems = [...read.problems];
  // Behind an unchanged beginning nothing can have gone, and the new lines are few.
  const gone = follows ? new Map<string, Known>() : entriesIn(sql, state.n);
  const find = sql.prepare("SELECT n, digest FROM entry WHERE id = ? AND file = ?");
  const first = new Map<string, ReadEntry>();
  for (const one of read.entries) {
    const { id } = one.entry;
    const known = find.get<Known>(id, state.n);
    const earlier = first.get(id)?.digest ?? (follows ? known?.digest : undefined);
    // A merge may leave a line twice.
    if (earlier === one.digest) continue;
    if (earlier !== undefined) {
      problems.push(malformed(person, one.line, "an earlier line has the same id and says something else", "Remove one of the two."));
      continue;
    }
    first.set(id, one);
    gone.delete(id);
    if (known !== undefined && known.digest !== one.digest) forget(sql, new Map([[id, known]]), told);
    if (known?.digest !== one.digest) keep(sql, state.n, one, told);
  }
  forget(sql, gone, told);
  problems.sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0));
  const before = follows ? (JSON.parse(state.problems) as Problem[]) : [];
  save(sql, {
    ...state,
    stamp,
    position: read.position,
    line: read.lines,
    prefix: read.open ? "" : digestOf(content, read.position),
    rejected: (follows ? state.rejected : 0) + problems.length,
    problems: JSON.stringify([...before, ...problems].slice(0, MOST_PROBLEMS)),
  });
}

const digestOf = (content: Buffer, end: number): string => hash("sha256", content.subarray(0, end), "hex");

/** What stands in a file: nothing where it has gone, or why it cannot be read. */
function contentOf(project: string, person: string): Buffer | Problem {
  const path = labelsFile(project, person);
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return Buffer.alloc(0);
    if (stat.isFile()) return readFileSync(path);
    return {
      code: "labels/malformed-line",
      message: "This is not a file",
      where: { file: labelsPath(person) },
      remedy: "Move it elsewhere.",
    };
  } catch (thrown) {
    const problem = toProblem(thrown);
    return {
      ...problem,
      where: { file: labelsPath(person) },
      remedy: "Make the file readable; what stands in it does not count until then.",
    };
  }
}

interface Known {
  n: number;
  digest: string;
}

const entriesIn = (sql: Sql, file: number): Map<string, Known> =>
  new Map(
    sql
      .prepare("SELECT id, n, digest FROM entry WHERE file = ?")
      .all<Known & { id: string }>(file)
      .map(({ id, ...known }) => [id, known]),
  );

function keep(sql: Sql, file: number, { entry, digest }: ReadEntry, { touched, undone }: Told): void {
  const undoes = entry.kind === "undo" ? entry.entry : null;
  const made = sql
    .prepare("INSERT INTO entry (file, id, digest, kind, at, undoes, detail) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING n")
    .get<{ n: number }>(file, entry.id, digest, entry.kind, Date.parse(entry.at), undoes, detailOf(entry));
  if (undoes !== null) undone.add(undoes);
  const insert = sql.prepare("INSERT OR IGNORE INTO entry_row VALUES (?, ?)");
  for (const row of rowsOf(entry)) {
    insert.run(row, made?.n as number);
    touched.add(row);
  }
}

function forget(sql: Sql, entries: Map<string, Known>, { touched, undone }: Told): void {
  for (const { n } of entries.values()) {
    for (const { row } of sql.prepare("SELECT row FROM entry_row WHERE entry = ?").all<{ row: string }>(n)) touched.add(row);
    sql.prepare("DELETE FROM entry_row WHERE entry = ?").run(n);
    const { undoes } = sql.prepare("DELETE FROM entry WHERE n = ? RETURNING undoes").get<{ undoes: string | null }>(n) ?? { undoes: null };
    if (undoes !== null) undone.add(undoes);
  }
}

function rowsOf(entry: LabelLine): string[] {
  if (entry.kind === "undo") return [];
  return entry.kind === "edit" ? [entry.row] : entry.rows;
}

/** What an entry says beside which rows it is about. */
function detailOf(entry: LabelLine): string | null {
  if (entry.kind === "label") return JSON.stringify({ label: entry.label, why: entry.why });
  if (entry.kind === "edit") return JSON.stringify({ text: entry.text, solution: entry.solution, answer: entry.answer });
  return null;
}

function save(sql: Sql, { n, stamp, position, line, prefix, rejected, problems }: FileState): void {
  sql
    .prepare("UPDATE label_file SET stamp = ?, position = ?, line = ?, prefix = ?, rejected = ?, problems = ? WHERE n = ?")
    .run(stamp, position, line, prefix, rejected, problems, n);
}
