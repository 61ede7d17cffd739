import { hash } from "node:crypto";
import { ROW_ID_DIGITS } from "#protocol/limits.ts";

/**
 * A row's id: sha256 over its parts, each with its length before it, so that no two lists of parts run together.
 * The dataset is part of it: the same text in two datasets is two rows.
 */
function idOf(parts: (string | null)[]): string {
  let joined = "";
  for (const part of parts) joined += part === null ? "-;" : `${part.length};${part}`;
  return hash("sha256", joined, "hex").slice(0, ROW_ID_DIGITS);
}

/** Id of an imported row, over its content and source columns: the same row imported again is the same row. */
export function importedId(row: {
  dataset: string;
  kind: string;
  text: string;
  solution: string | null;
  answer: string | null;
  /** The columns `id`, `source`, `license` and `stage`, as they came. */
  source: (string | null)[];
}): string {
  return idOf([row.dataset, row.kind, row.text, row.solution, row.answer, ...row.source]);
}

/** Id of a generated row: the request's key and the problem's index in the response (0 where the response did not parse). */
export const generatedId = (dataset: string, key: string, ordinal: number): string => idOf([dataset, "request", key, String(ordinal)]);

/** Id of what an edit makes of a row: two edits to the same words are two rows. */
export const editedId = (parent: string, edit: { text: string; solution: string | null; answer: string | null }, entry: string): string =>
  idOf(["edit", parent, edit.text, edit.solution, edit.answer, entry]);

/** The hash by which equal texts are found: 80 bits, no collision among billions. */
export const textHash = (normalised: string): Uint8Array => hash("sha256", normalised, "buffer").subarray(0, 10);
