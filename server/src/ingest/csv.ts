import { isUtf8 } from "node:buffer";
import { parse } from "csv-parse/sync";
import { ROW_MAX_BYTES } from "#protocol/limits.ts";
import { readLines } from "../files/lines.ts";
import { chooseShape, createRowReader } from "./columns.ts";
import { type CsvRecord, csvRecords } from "./csv-records.ts";
import { type Entry, type EntryOptions, rejected } from "./entries.ts";
import { tooLarge } from "./json.ts";

/** The rows of a CSV file with a header line. `next` counts (uncompressed) bytes. */
export async function* csvEntries({ path, name, shape, defaults, start }: EntryOptions): AsyncGenerator<Entry[]> {
  const { delimiter, columns, end } = await readHeader(path);
  const known = shape ?? chooseShape(columns);
  const read = known === null ? null : createRowReader(known, defaults);
  const toEntry = (record: CsvRecord, cells: string[] | string): Entry => {
    const { line, next } = record;
    if (typeof cells === "string") return rejected(name, line, next.position, cells);
    if (cells.length !== columns.length)
      return rejected(name, line, next.position, `it has ${cells.length} cells, the header has ${columns.length}`);
    const row = read === null ? "its columns are unknown" : read(Object.fromEntries(columns.map((column, at) => [column, cells[at]])));
    if (typeof row === "string") return rejected(name, line, next.position, row);
    return { line, next: next.position, row, problem: null, span: null };
  };
  // A position of 0 is the file's beginning, and the header is no row.
  const from = start.position === 0 ? end : start;
  for await (const records of csvRecords(path, from, { delimiter, limit: ROW_MAX_BYTES })) {
    const rows = records.filter(
      (record) => record.open || record.bytes === null || record.bytes.some((byte) => byte !== 13 && byte !== 32),
    );
    const cells = cellsOf(rows, delimiter);
    const entries = rows.map((record, at) => {
      const large = record.bytes === null && !record.open;
      const entry = large
        ? tooLarge(name, record.line, record.next.position, record.length)
        : toEntry(record, cells[at] as string[] | string);
      return { ...entry, through: record.next.line };
    });
    if (entries.length > 0) yield entries;
  }
}

/** The cells of each record, or why it has none. Records are parsed together, and one by one only where one of them is bad. */
function cellsOf(records: CsvRecord[], delimiter: string): (string[] | string)[] {
  const good = records.map((record) =>
    record.open ? "a quote is never closed" : record.bytes === null || isUtf8(record.bytes) ? null : "it is not valid UTF-8",
  );
  const texts = records.map(({ bytes }, at) => (good[at] === null && bytes !== null ? bytes.toString("utf8").replace(/\r$/, "") : ""));
  const whole = texts.filter((text) => text !== "");
  const parsed = tryParse(whole.join("\n"), delimiter);
  if (Array.isArray(parsed) && parsed.length === whole.length) {
    let next = 0;
    return texts.map((text, at) => good[at] ?? (text === "" ? "it is empty" : (parsed[next++] as string[])));
  }
  return texts.map((text, at) => {
    if (good[at] !== null) return good[at] as string;
    const one = tryParse(text, delimiter);
    return typeof one === "string" ? one : (one[0] ?? "it is empty");
  });
}

function tryParse(text: string, delimiter: string): string[][] | string {
  try {
    return parse(text, { delimiter, relax_column_count: true, record_delimiter: ["\n", "\r\n"] });
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

/** Names of the header's cells, the sign between them, and where the rows begin. No names where the file is empty. */
export async function readHeader(path: string): Promise<{ columns: string[]; delimiter: string; end: { position: number; line: number } }> {
  const delimiter = delimiterOf(await firstLine(path));
  for await (const records of csvRecords(path, { position: 0, line: 0 }, { delimiter, limit: ROW_MAX_BYTES })) {
    for (const { bytes, next } of records) {
      const text =
        bytes
          ?.toString("utf8")
          .replace(/^\uFEFF/, "")
          .trim() ?? "";
      if (text === "") continue;
      const cells = tryParse(text, delimiter);
      return { columns: typeof cells === "string" ? [] : (cells[0] ?? []).map((cell) => cell.trim()), delimiter, end: next };
    }
  }
  return { columns: [], delimiter, end: { position: 0, line: 0 } };
}

const delimiterOf = (header: string): string =>
  [",", ";", "\t"].reduce((best, sign) => (header.split(sign).length > header.split(best).length ? sign : best));

async function firstLine(path: string): Promise<string> {
  for await (const lines of readLines(path, { limit: ROW_MAX_BYTES })) {
    for (const { bytes } of lines) if (bytes !== null && bytes.toString("utf8").trim() !== "") return bytes.toString("utf8");
  }
  return "";
}
