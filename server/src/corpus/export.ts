import type { Condition, Row } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import type { OpContext } from "../store/ops.ts";
import { countRows } from "./counts.ts";
import type { Key } from "./cursor.ts";
import { openTarget, type Target } from "./export-target.ts";
import { hydrate } from "./hydrate.ts";
import { keysAfter, planOf } from "./keys.ts";
import { sourceOf } from "./source.ts";

export interface ExportArgs {
  dataset: string;
  where: Condition[];
  search?: string | undefined;
  /** Absolute path of the JSON lines file, which appears whole or not at all, or of a device or pipe; `-` is the standard output. */
  to: string;
}

export interface ExportReport {
  rows: number;
  /** Responses that fit the conditions but hold no problem; they are not written. */
  unparsed: number;
  bytes: number;
}

const BLOCK_ROWS = 500;

/**
 * Writes the rows of a dataset that fit all conditions, in the order in which they came, as they were at one moment. Problems have
 * `id, problem, solution, answer, stage, format, seed, template, request, verdicts, accepted, label, parent, source`; seeds
 * `id, text, stage, label, source`.
 * @throws usage/invalid-argument where the target is a folder or in none, or where no row would take the place of a file's content
 */
export async function exportRows(context: OpContext, { dataset, where, search, to }: ExportArgs): Promise<ExportReport> {
  const { sql, progress, signal } = context;
  const report: ExportReport = { rows: 0, unparsed: 0, bytes: 0 };
  // One snapshot for all blocks: what is ingested meanwhile is not in it.
  sql.exec("BEGIN");
  let target: Target | null = null;
  try {
    const total = countRows(sql, { dataset, where, search });
    const plan = planOf(sql, { dataset, where, search, sort: { field: "created", descending: false } });
    target = await openTarget(to);
    let after: Key | null = null;
    for (;;) {
      signal.throwIfAborted();
      const keys: Key[] = keysAfter(sql, plan, { after, limit: BLOCK_ROWS + 1 });
      const block = keys.slice(0, BLOCK_ROWS);
      const lines: string[] = [];
      for (const { n, row } of hydrate(
        sql,
        block.map((key) => key.n),
      )) {
        if (row.text === null) report.unparsed += 1;
        else lines.push(`${JSON.stringify(exported(context, n, row))}\n`);
      }
      const bytes = Buffer.from(lines.join(""));
      if (!(await target.write(bytes))) break;
      report.bytes += bytes.length;
      report.rows += lines.length;
      progress({ stage: "export", done: report.rows + report.unparsed, total, unit: "rows" });
      const last = block.at(-1);
      if (keys.length <= BLOCK_ROWS || last === undefined) break;
      after = last;
    }
    if (report.rows === 0 && target.replaces)
      throw fail("usage/invalid-argument", `No row of ${dataset} can be exported, and the file was left as it was`, {
        where: { file: to },
        remedy: "Change the conditions, name another file, or delete this one.",
      });
    await target.finish();
    return report;
  } finally {
    sql.exec("COMMIT");
    await target?.close();
  }
}

function exported({ sql }: OpContext, n: number, row: Row): object {
  const { id, text, solution, answer, stage, format, verdicts, accepted, label, parent } = row;
  if (row.kind === "seed") return { id, text, stage, label, source: sourceOf(sql, n) };
  const made = sql
    .prepare(
      `SELECT request.key AS request, request.seed AS seed, template.path AS path, template.sha256 AS sha256 FROM row
       JOIN response ON response.n = row.response JOIN request ON request.n = response.request LEFT JOIN template ON template.n = request.template WHERE row.n = ?`,
    )
    .get<{ request: string; seed: string | null; path: string | null; sha256: string | null }>(n);
  const seed = made?.seed ?? null;
  const seedRow = seed === null ? undefined : sql.prepare("SELECT n FROM row WHERE id = ?").get<{ n: number }>(seed)?.n;
  return {
    id,
    problem: text,
    solution,
    answer,
    stage,
    format,
    seed,
    template: made === undefined || made.path === null ? null : { path: made.path, sha256: made.sha256 },
    request: made?.request ?? null,
    verdicts,
    accepted,
    label,
    parent,
    source: made === undefined ? sourceOf(sql, n) : seedRow === undefined ? null : sourceOf(sql, seedRow),
  };
}
