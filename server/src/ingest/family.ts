import type { Sql } from "../store/sql.ts";
import { answerVerdict } from "../verify/answer.ts";
import { copyVerdict } from "../verify/copy.ts";
import { parseVerdict } from "../verify/parse.ts";
import { editedId } from "./ids.ts";
import type { RowWriter } from "./rows.ts";
import { seedText } from "./seeds.ts";

/** An entry of a labels file about one row, as the index keeps it. */
export interface StoredEntry {
  id: string;
  kind: "label" | "edit" | "delete";
  at: number;
  person: string;
  /** JSON: what the kind adds. */
  detail: string;
}

/** What an edit makes of a problem. */
export interface Edit {
  text: string;
  solution: string | null;
  answer: string | null;
}

interface Member {
  n: number;
  id: string;
  dataset: number;
  label: number | null;
}

/** What people want one row to be: its label, whether it is deleted, and the row that the latest edit made of it. */
interface Wish {
  label: number | null;
  deleted: boolean;
  edited: { id: string; edit: Edit } | null;
}

const MEMBERS = `
  WITH RECURSIVE family (id) AS (SELECT ? UNION SELECT row.id FROM row JOIN family ON row.parent = family.id)
  SELECT row.n AS n, row.id AS id, dataset, label FROM family JOIN row ON row.id = family.id`;

const ENTRIES = `
  SELECT entry.id AS id, entry.kind AS kind, entry.at AS at, label_file.person AS person, entry.detail AS detail
  FROM entry_row JOIN entry ON entry.n = entry_row.entry JOIN label_file ON label_file.n = entry.file
  WHERE entry_row.row = ? AND NOT EXISTS (SELECT 1 FROM entry AS undo WHERE undo.undoes = entry.id)
  ORDER BY entry.at, entry.id, label_file.person`;

/** The entries about a row that nobody has undone, the earliest first. One that stands in the files of two persons counts once. */
export function entriesOf(sql: Sql, row: string): StoredEntry[] {
  const seen = new Set<string>();
  return sql
    .prepare(ENTRIES)
    .all<StoredEntry>(row)
    .filter(({ id }) => !seen.has(id) && seen.add(id));
}

/**
 * Makes a row, and what it was edited into, as all entries about them say. The result depends on the entries alone, not on what was
 * there before: the latest label counts, the latest edit stands in the row's place (and so on along its own edits), and a deletion
 * takes out the row that it names. Nothing happens where the row is not in the index: then the entries wait for it.
 */
export function settleFamily(sql: Sql, writer: RowWriter, id: string): void {
  const root = rootOf(sql, id);
  if (root === null) return;
  const there = new Map(
    sql
      .prepare(MEMBERS)
      .all<Member>(root.id)
      .map((member) => [member.id, member]),
  );
  const wishes = wishesOf(sql, root);
  const last = wishes.at(-1) as { id: string; wish: Wish };
  // The one whose number is above zero stands in the family's place, which an edit does not change.
  const holder = [...there.values()].find(({ n }) => n > 0) as Member;
  const place = holder.n;
  if (holder.id !== last.id) {
    writer.hide(holder.n);
    holder.n = renumberAway(sql, writer, holder.n);
  }
  const wanted = new Set(wishes.map((one) => one.id));
  for (const member of there.values()) if (!wanted.has(member.id)) writer.remove(member.n);
  let before: Member | null = null;
  for (const { id: row, edit } of wishes) {
    const known = there.get(row);
    if (known === undefined && before !== null && edit !== null)
      there.set(row, { n: addEdited(sql, writer, before, row, edit), id: row, dataset: -1, label: null });
    before = there.get(row) as Member;
  }
  const front = there.get(last.id) as Member;
  if (front.n !== place) writer.renumber(front.n, place);
  front.n = place;
  for (const { id: row, wish } of wishes) {
    const { n, label } = there.get(row) as Member;
    if (label !== wish.label) writer.setLabel(n, wish.label);
  }
  if (last.wish.deleted) writer.hide(place);
  else writer.show(place);
}

interface Root {
  id: string;
  kind: number;
}

/** The row that was not made by an edit, from which a row comes; null where the row is not there. */
function rootOf(sql: Sql, id: string): Root | null {
  const read = sql.prepare("SELECT id, kind, parent FROM row WHERE id = ?");
  let row = read.get<Root & { parent: string | null }>(id);
  while (row !== undefined && row.parent !== null) row = read.get(row.parent);
  return row ?? null;
}

/** From the root along the latest edits to the row that stands in its place. */
function wishesOf(sql: Sql, { id: root, kind }: Root): { id: string; edit: Edit | null; wish: Wish }[] {
  const wishes: { id: string; edit: Edit | null; wish: Wish }[] = [];
  let next: { id: string; edit: Edit } | null = null;
  do {
    const id: string = next?.id ?? root;
    const wish = wishOf(sql, id);
    wishes.push({ id, edit: next?.edit ?? null, wish });
    // Seeds are edited in their files.
    next = kind === 0 ? null : wish.edited;
  } while (next !== null);
  return wishes;
}

function wishOf(sql: Sql, row: string): Wish {
  const wish: Wish = { label: null, deleted: false, edited: null };
  for (const { id, kind, detail } of entriesOf(sql, row)) {
    if (kind === "delete") wish.deleted = true;
    else if (kind === "label") wish.label = LABELS[String((JSON.parse(detail) as { label: string | null }).label)] ?? null;
    else {
      const edit = JSON.parse(detail) as Edit;
      wish.edited = { id: editedId(row, edit, id), edit };
    }
  }
  return wish;
}

const LABELS: Record<string, number> = { reject: 0, keep: 1 };

/** Rows that another stands for have numbers below zero. */
function freeNumber(sql: Sql): number {
  return Math.min(0, sql.prepare("SELECT min(n) AS n FROM row").get<{ n: number }>()?.n ?? 0) - 1;
}

function renumberAway(sql: Sql, writer: RowWriter, n: number): number {
  const free = freeNumber(sql);
  writer.renumber(n, free);
  return free;
}

function addEdited(sql: Sql, writer: RowWriter, before: Member, id: string, edit: Edit): number {
  const n = freeNumber(sql);
  const { text, solution, answer } = edit;
  const made = sql
    .prepare(
      "SELECT request.seed AS seed FROM row JOIN response ON response.n = row.response JOIN request ON request.n = response.request WHERE row.n = ?",
    )
    .get<{ seed: string | null }>(before.n);
  const seed = made === undefined || made.seed === null ? null : seedText(sql, made.seed);
  const verdicts = { parse: parseVerdict(null), answer: answerVerdict(answer), copy: copyVerdict(text, seed) };
  writer.addEdited(n, before.n, { id, parent: before.id, text, solution, answer, verdicts });
  return n;
}
