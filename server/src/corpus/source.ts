import type { Source } from "#protocol/corpus.ts";
import type { ImportFile } from "#protocol/files/imports.ts";
import type { Sql } from "../store/sql.ts";

/** Where an imported row was read from; null for generated rows. */
export function sourceOf(sql: Sql, n: number): Source | null {
  const found = sql
    .prepare(
      `SELECT origin.detail AS detail, row.line AS line, start, end, license, extra FROM row JOIN body ON body.n = row.n
       JOIN file ON file.n = row.file JOIN origin ON origin.n = file.origin WHERE row.n = ? AND row.response IS NULL`,
    )
    .get<{ detail: string; line: number; start: number | null; end: number | null; license: string | null; extra: string | null }>(n);
  if (found === undefined) return null;
  const { file, sha256, selection } = JSON.parse(found.detail) as ImportFile;
  const { start, end, license, extra } = found;
  // A selection is kept as a file of one line; what it was selected from tells more.
  const line = selection?.line ?? found.line;
  return {
    file,
    sha256,
    line,
    span: start === null || end === null ? null : { start, end },
    license,
    extra: extra === null ? {} : (JSON.parse(extra) as Record<string, unknown>),
  };
}
