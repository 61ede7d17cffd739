import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import { ensureDataFolder } from "../project/root.ts";
import type { ImportArgs } from "./import-file.ts";

/** The dataset of texts that people selected in their documents. */
export const SELECTIONS = "selections";

export interface Selection {
  text: string;
  /** How the document is named: relative to the project inside it. */
  path: string;
  /** Where the selection begins, from 1. */
  line: number;
}

/**
 * Imports a selected text as one seed, by `importFile`. The seed remembers the document and the lines; the same selection again is the
 * same seed. @throws usage/invalid-argument where nothing but white space is selected
 */
export async function importSelection<T>(
  projectDir: string,
  { text, path, line }: Selection,
  importFile: (args: ImportArgs) => Promise<T>,
): Promise<T> {
  if (text.trim() === "")
    throw fail("usage/invalid-argument", "The selection has no text", {
      where: { file: path, line },
      remedy: "Select the text that shall be the seed.",
    });
  const lines = text.replace(/\r?\n$/, "").split("\n").length;
  const end = line + lines - 1;
  const file = join(await ensureDataFolder(projectDir), `selection-${randomUUID()}.jsonl`);
  await writeFile(file, `${JSON.stringify({ id: `${path}:${line}`, text, source: path, line, end_line: end })}\n`);
  try {
    // The import keeps a copy of its own, which is the truth about the row.
    return await importFile({ file, dataset: SELECTIONS, name: path, selection: { line, end_line: end } });
  } finally {
    await rm(file, { force: true });
  }
}
