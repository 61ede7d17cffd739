import { Readable } from "node:stream";
import { type CsvError, parse } from "csv-parse";
import { ROW_MAX_BYTES } from "#protocol/limits.ts";
import { chooseShape, createRowReader } from "./columns.ts";
import { type Entry, type EntryOptions, rejected } from "./entries.ts";
import { readChunks, readLines } from "./lines.ts";

const BATCH = 500;

/** The rows of a CSV file with a header line. `next` counts entries: quotes can only be followed from the beginning. */
export async function* csvEntries({ path, name, shape, defaults, start }: EntryOptions): AsyncGenerator<Entry[]> {
  const delimiter = await findDelimiter(path);
  const skipped: CsvError[] = [];
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: ROW_MAX_BYTES,
    on_skip: (error) => {
      if (error !== undefined) skipped.push(error);
      return undefined;
    },
  });
  const input = Readable.from(readChunks(path));
  input.on("error", (error) => parser.destroy(error));
  input.pipe(parser);
  let header: string[] | null = null;
  let read: ReturnType<typeof createRowReader> | null = null;
  let count = 0;
  let lines = 0;
  let batch: Entry[] = [];
  const add = (entry: Entry) => {
    count += 1;
    if (count > start.position) batch.push({ ...entry, next: count });
  };
  const addSkipped = () => {
    for (const error of skipped.splice(0)) {
      const large = error.code === "CSV_MAX_RECORD_SIZE";
      const reason = large ? `it is larger than ${ROW_MAX_BYTES / 2 ** 20} MiB, or a quote is never closed` : error.message;
      add(rejected(name, Number(error.lines) || lines + 1, 0, reason, large ? "import/row-too-large" : "import/malformed-row"));
    }
  };
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      addSkipped();
      // The parser tells the line where a record ends; it begins after the one before.
      const line = lines + 1;
      lines = info.lines;
      if (header === null) {
        header = record.map((cell) => cell.trim());
        const known = shape ?? chooseShape(header);
        read = known === null ? null : createRowReader(known, defaults);
        continue;
      }
      add(toEntry(name, line, header, record, read));
      if (batch.length >= BATCH) {
        yield batch;
        batch = [];
      }
    }
    addSkipped();
    if (batch.length > 0) yield batch;
  } finally {
    input.destroy();
    parser.destroy();
  }
}

function toEntry(name: string, line: number, header: string[], record: string[], read: ReturnType<typeof createRowReader> | null): Entry {
  if (record.length !== header.length) return rejected(name, line, 0, `it has ${record.length} cells, the header has ${header.length}`);
  if (read === null) return rejected(name, line, 0, "its columns are unknown");
  if (record.some((cell) => cell.includes("\uFFFD"))) return rejected(name, line, 0, "it is not valid UTF-8");
  const row = read(Object.fromEntries(header.map((column, at) => [column, record[at]])));
  return typeof row === "string" ? rejected(name, line, 0, row) : { line, next: 0, row, problem: null, span: null };
}

/** The names of the header line. */
export async function csvHeader(path: string): Promise<string[]> {
  const line = await firstLine(path);
  const parser = parse(line, { bom: true, delimiter: delimiterOf(line), relax_column_count: true, relax_quotes: true });
  for await (const record of parser as AsyncIterable<string[]>) return record.map((cell) => cell.trim());
  return [];
}

const findDelimiter = async (path: string): Promise<string> => delimiterOf(await firstLine(path));

const delimiterOf = (header: string): string =>
  [",", ";", "\t"].reduce((best, sign) => (header.split(sign).length > header.split(best).length ? sign : best));

async function firstLine(path: string): Promise<string> {
  for await (const lines of readLines(path, { limit: ROW_MAX_BYTES })) {
    for (const { bytes } of lines) if (bytes !== null && bytes.toString("utf8").trim() !== "") return bytes.toString("utf8");
  }
  return "";
}
