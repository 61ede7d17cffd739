import { isUtf8 } from "node:buffer";
import { ROW_MAX_BYTES } from "#protocol/limits.ts";
import { parseObject } from "../files/json.ts";
import { type Line, readLines } from "../files/lines.ts";
import { chooseShape, createRowReader } from "./columns.ts";
import { type Entry, type EntryOptions, rejected } from "./entries.ts";

/** The rows of a JSON lines file. `next` counts (uncompressed) bytes. */
export async function* jsonEntries({ path, name, shape, defaults, start }: EntryOptions): AsyncGenerator<Entry[]> {
  const read = shape === null ? null : createRowReader(shape, defaults);
  const toEntry = (line: Line): Entry | null => {
    const next = line.position + line.length + 1;
    if (line.bytes === null) return tooLarge(name, line.number, next, line.length);
    if (line.length === 0) return null;
    if (!isUtf8(line.bytes)) return rejected(name, line.number, next, "it is not valid UTF-8");
    let text = line.bytes.toString("utf8");
    if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    if (text.trim() === "") return null;
    const parsed = parseObject(text);
    if (typeof parsed === "string") return rejected(name, line.number, next, parsed);
    const ofRow = read === null ? chooseShape(Object.keys(parsed)) : null;
    const row = read !== null ? read(parsed) : ofRow === null ? "its columns are unknown" : createRowReader(ofRow, defaults)(parsed);
    if (typeof row === "string") return rejected(name, line.number, next, row);
    return { line: line.number, next, row, problem: null, span: null };
  };
  for await (const lines of readLines(path, { ...start, limit: ROW_MAX_BYTES })) {
    const entries: Entry[] = [];
    for (const line of lines) {
      const entry = toEntry(line);
      if (entry !== null) entries.push(entry);
    }
    if (entries.length > 0) yield entries;
  }
}

export const tooLarge = (name: string, line: number, next: number, bytes: number): Entry =>
  rejected(
    name,
    line,
    next,
    `${(bytes / 2 ** 20).toFixed(1)} MiB are more than the ${ROW_MAX_BYTES / 2 ** 20} MiB that a row may have`,
    "import/row-too-large",
  );
