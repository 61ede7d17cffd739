import type { Bind, Sql } from "../store/sql.ts";

/** What a row counts for. Verdicts: 0 fail, 1 pass, 2 unknown, null for seeds. Label: 0 reject, 1 keep. Flags: 0 or 1. */
export interface Facets {
  dataset: number;
  kind: number;
  stage: string | null;
  format: string | null;
  template: number | null;
  parse: number | null;
  answer: number | null;
  copy: number | null;
  duplicate: number | null;
  accepted: number;
  label: number | null;
  edited: number;
}

const COLUMNS = [
  "dataset",
  "kind",
  "stage",
  "format",
  "template",
  "parse",
  "answer",
  "copy",
  "duplicate",
  "accepted",
  "label",
  "edited",
] as const satisfies (keyof Facets)[];

const FIND = `SELECT n FROM tally WHERE ${COLUMNS.map((name) => `${name} IS ?`).join(" AND ")}`;
const INSERT = `INSERT INTO tally (${COLUMNS.join(", ")}, rows) VALUES (${COLUMNS.map(() => "?").join(", ")}, 0) RETURNING n`;

/** A text with its length before it, so that “null” is not the same as none and no two texts run together. */
const told = (text: string | null): string => (text === null ? "-" : `${text.length}:${text}`);

/** Counts rows by their facets, and writes what has changed once per transaction. A tally that comes to zero is removed. */
export function createTallies(sql: Sql) {
  const numbers = new Map<string, number>();
  const changes = new Map<number, number>();
  const find = sql.prepare(FIND);
  const insert = sql.prepare(INSERT);
  const write = sql.prepare("UPDATE tally SET rows = rows + ? WHERE n = ?");
  const remove = sql.prepare("DELETE FROM tally WHERE n = ? AND rows = 0");
  return {
    /** The number of the tally that rows with these facets belong to. */
    numberOf(facets: Facets): number {
      const { dataset, kind, stage, format, template, parse, answer, copy, duplicate, accepted, label, edited } = facets;
      const key = `${dataset} ${kind}${told(stage)}${told(format)}${template} ${parse}${answer}${copy}${duplicate}${accepted}${label}${edited}`;
      const known = numbers.get(key);
      if (known !== undefined) return known;
      const values = COLUMNS.map((name): Bind => facets[name]);
      const { n } = (find.get<{ n: number }>(...values) ?? insert.get<{ n: number }>(...values)) as { n: number };
      numbers.set(key, n);
      if (!changes.has(n)) changes.set(n, 0);
      return n;
    },
    add(tally: number, by: 1 | -1): void {
      changes.set(tally, (changes.get(tally) ?? 0) + by);
    },
    flush(): void {
      for (const [n, by] of changes) {
        write.run(by, n);
        remove.run(n);
      }
      this.clear();
    },
    /** Forgets what was collected, after a transaction that was rolled back. */
    clear(): void {
      numbers.clear();
      changes.clear();
    },
  };
}
