import { hash } from "node:crypto";
import type { Sql } from "../store/sql.ts";

/** What people have changed about a row: nothing (null), or words that differ for every state. */
export function markOf(row: { id: string; dataset: number; label: number | null; parent: string | null }): string | null {
  const { id, label } = row;
  if (row.dataset < 0) return row.parent === null ? `-${id}` : null;
  if (row.parent !== null) return `+${id} ${label}`;
  return label === null ? null : `${id} ${label}`;
}

const BITS = 128;

/**
 * Keeps per dataset the exclusive or of the hashes of all marks: it does not depend on the order in which they came, and a mark that
 * is taken back leaves no trace. A dataset's revision is made of it, too.
 */
export function createMarks(sql: Sql) {
  const changes = new Map<number, bigint>();
  return {
    /** Adds a row's mark, or takes it away where it is there. */
    toggle(row: Parameters<typeof markOf>[0]): void {
      const mark = markOf(row);
      if (mark === null) return;
      const dataset = Math.abs(row.dataset);
      const value = BigInt(`0x${hash("sha256", mark, "hex").slice(0, BITS / 4)}`);
      changes.set(dataset, (changes.get(dataset) ?? 0n) ^ value);
    },
    flush(): void {
      for (const [dataset, by] of changes) {
        if (by === 0n) continue;
        const { marks } = sql.prepare("SELECT marks FROM dataset WHERE n = ?").get<{ marks: string }>(dataset) as { marks: string };
        const now = BigInt(`0x${marks || "0"}`) ^ by;
        const text = now === 0n ? "" : now.toString(16).padStart(BITS / 4, "0");
        sql.prepare("UPDATE dataset SET marks = ? WHERE n = ?").run(text, dataset);
      }
      changes.clear();
    },
    clear: () => changes.clear(),
  };
}
