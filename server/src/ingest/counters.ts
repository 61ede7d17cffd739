import type { Sql } from "../store/sql.ts";

/** What a row counts for. Verdicts: 0 fail, 1 pass, 2 unknown, null for seeds. */
export interface Facets {
  dataset: number;
  stage: string | null;
  format: string | null;
  template: number | null;
  parse: number | null;
  answer: number | null;
  copy: number | null;
  duplicate: number | null;
  accepted: number;
}

const FACETS = ["stage", "format", "template", "parse", "answer", "copy", "duplicate", "accepted"] as const;

/** Collects what rows change in the counters and writes it once per transaction. Counters that come to zero are removed. */
export function createCounters(sql: Sql) {
  const changes = new Map<string, { facets: Facets; by: number }>();
  return {
    add(facets: Facets, by: 1 | -1): void {
      const { dataset, stage, format, template, parse, answer, copy, duplicate, accepted } = facets;
      const key = `${dataset} ${stage}\0${format}\0${template} ${parse} ${answer} ${copy} ${duplicate} ${accepted}`;
      const known = changes.get(key);
      if (known === undefined) changes.set(key, { facets, by });
      else known.by += by;
    },
    flush(): void {
      const write = sql.prepare(
        "INSERT INTO counter VALUES (?, ?, ?, ?) ON CONFLICT (dataset, facet, value) DO UPDATE SET n = n + excluded.n",
      );
      for (const { facets, by } of changes.values()) {
        if (by === 0) continue;
        write.run(facets.dataset, "rows", "", by);
        for (const name of FACETS) if (facets[name] !== null) write.run(facets.dataset, name, String(facets[name]), by);
      }
      for (const { facets } of changes.values()) sql.prepare("DELETE FROM counter WHERE dataset = ? AND n = 0").run(facets.dataset);
      changes.clear();
    },
    /** Forgets what was collected, after a transaction that was rolled back. */
    clear: () => changes.clear(),
  };
}
