import { fail } from "#protocol/errors.ts";
import { readEntries } from "./entries.ts";
import { formatOf, inspect } from "./inspect.ts";

/** One row of a file as a template takes it, without importing the file. */
export interface ReadRow {
  line: number;
  text: string;
  stage: string | null;
  columns: Record<string, unknown>;
}

/**
 * Reads the `number`-th readable row of a file (from 1), skipping rows that cannot be read as an import does.
 * @throws import/…, usage/not-found where the file has fewer rows
 */
export async function readRow(path: string, name: string, number: number): Promise<ReadRow> {
  const format = formatOf(path);
  const shape = await inspect(path, format, name);
  const options = { path, name, shape, defaults: { license: null, stage: null }, start: { position: 0, line: 0 } };
  let seen = 0;
  for await (const entries of readEntries(format, undefined, options))
    for (const { row, line } of entries) {
      if (row === null) continue;
      seen += 1;
      if (seen < number) continue;
      const { text, stage, license, extra } = row;
      return { line, text, stage, columns: { ...(license === null ? {} : { license }), ...extra } };
    }
  throw fail("usage/not-found", `The file has ${seen} readable row${seen === 1 ? "" : "s"}, so there is no row ${number}`, {
    where: { file: name },
    remedy: "Give a smaller --row.",
  });
}
