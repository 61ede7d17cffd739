import type { Problem } from "#protocol/errors.ts";
import type { ImportFile } from "#protocol/files/imports.ts";
import { CHUNK_CHARACTERS } from "#protocol/limits.ts";
import type { ImportedRow, Shape } from "./columns.ts";
import { csvEntries } from "./csv.ts";
import { jsonEntries } from "./json.ts";
import { textEntries } from "./text.ts";

/** What one row of a file became: a row, or the reason why not. */
export interface Entry {
  /** Where it begins, from 1. */
  line: number;
  /** The line where it ends, where that is another one. */
  through?: number;
  /** Where to go on after it: bytes for rows, entries for texts, whose chunks depend on all before them. */
  next: number;
  row: ImportedRow | null;
  problem: Problem | null;
  /** UTF-16 offsets of a chunk of text. */
  span: { start: number; end: number } | null;
}

/** Where a reading begins. */
export interface Start {
  position: number;
  line: number;
}

export interface EntryOptions {
  /** The stored copy. */
  path: string;
  /** The file's name for messages. */
  name: string;
  /** Null before it is known; then each row tells its own. */
  shape: Shape | null;
  defaults: { license: string | null; stage: string | null };
  start: Start;
}

/** Reads a file's entries by batches, from where an earlier reading stopped. */
export function readEntries(format: ImportFile["format"], chunk: number | undefined, options: EntryOptions): AsyncGenerator<Entry[]> {
  if (format === "jsonl") return jsonEntries(options);
  if (format === "csv") return csvEntries(options);
  return textEntries(options, { size: chunk ?? CHUNK_CHARACTERS, markdown: format === "markdown" });
}

/** An entry that could not be read. */
export const rejected = (
  name: string,
  line: number,
  next: number,
  reason: string,
  code: Problem["code"] = "import/malformed-row",
): Entry => ({
  line,
  next,
  row: null,
  span: null,
  problem: { code, message: `Row skipped: ${reason}`, where: { file: name, line } },
});
