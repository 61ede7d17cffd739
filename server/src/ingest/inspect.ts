import { open } from "node:fs/promises";
import { extname } from "node:path";
import { type AppError, fail } from "#protocol/errors.ts";
import type { ImportFile } from "#protocol/files/imports.ts";
import { ROW_MAX_BYTES } from "#protocol/limits.ts";
import { parseObject } from "../files/json.ts";
import { readLines } from "../files/lines.ts";
import { ACCEPTED, chooseShape, type Shape } from "./columns.ts";
import { readHeader } from "./csv.ts";
import { readEntries } from "./entries.ts";

const FORMATS: Record<string, ImportFile["format"]> = {
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".json": "jsonl",
  ".csv": "csv",
  ".tsv": "csv",
  ".md": "markdown",
  ".markdown": "markdown",
  ".txt": "text",
  ".text": "text",
  ".tex": "text",
};

/** Objects that are looked at before a file counts as one of unknown columns, and lines before it counts as no JSON. */
const TRIED_OBJECTS = 20;
const TRIED_LINES = 1_000;

/** The format that a file's name tells. @throws import/unknown-format */
export function formatOf(file: string): ImportFile["format"] {
  const bare = file.toLowerCase().replace(/\.gz$/, "");
  const format = FORMATS[extname(bare)];
  if (format !== undefined) return format;
  throw fail("import/unknown-format", `Files named “${extname(bare)}” are not understood`, {
    where: { file },
    remedy: `Accepted are ${Object.keys(FORMATS).join(", ")}, each also with .gz.`,
  });
}

/** Finds what a file's rows are, before anything is kept. @throws import/empty, import/unknown-format, import/malformed-row, import/unreadable */
export async function inspect(path: string, format: ImportFile["format"], name: string): Promise<Shape> {
  await refuseUtf16(path, name);
  const shape = await findShape(path, format, name);
  const options = { path, name, shape, defaults: { license: null, stage: null }, start: { position: 0, line: 0 } };
  for await (const entries of readEntries(format, undefined, options)) if (entries.length > 0) return shape;
  throw empty(name);
}

/** The shape of a file's rows, told by the first that has known columns. */
export async function findShape(path: string, format: ImportFile["format"], name: string): Promise<Shape> {
  if (format === "markdown" || format === "text") return chooseShape(["text"]) as Shape;
  if (format === "jsonl") return await findJsonShape(path, name);
  const { columns: header } = await readHeader(path);
  if (header.length === 0) throw empty(name);
  return chooseShape(header) ?? raise(unknownColumns(name, header));
}

async function findJsonShape(path: string, name: string): Promise<Shape> {
  const columns = new Set<string>();
  let objects = 0;
  let tried = 0;
  let first: { line: number; reason: string } | null = null;
  search: for await (const lines of readLines(path, { limit: ROW_MAX_BYTES })) {
    for (const { bytes, number } of lines) {
      const text = bytes === null ? null : bytes.toString("utf8").replace(/^\uFEFF/, "");
      if (text?.trim() === "") continue;
      const parsed = text === null ? "it is too large" : parseObject(text);
      tried += 1;
      if (typeof parsed === "string") first ??= { line: number, reason: parsed };
      else {
        objects += 1;
        const shape = chooseShape(Object.keys(parsed));
        if (shape !== null) return shape;
        for (const column of Object.keys(parsed)) columns.add(column);
      }
      if (objects >= TRIED_OBJECTS || tried >= TRIED_LINES) break search;
    }
  }
  if (objects > 0) throw unknownColumns(name, [...columns]);
  if (first === null) throw empty(name);
  throw fail("import/malformed-row", `No line is a JSON object; the first that has something: ${first.reason}`, {
    where: { file: name, line: first.line },
    remedy: "Write one JSON object a line (JSON lines), or import the file as .csv, .md or .txt.",
  });
}

const unknownColumns = (name: string, columns: string[]): AppError =>
  fail(
    "import/unknown-format",
    `The columns are not understood: ${columns.length === 0 ? "there are none" : columns.slice(0, 30).join(", ")}`,
    {
      where: { file: name },
      remedy: ACCEPTED,
      data: { columns },
    },
  );

const empty = (name: string): AppError =>
  fail("import/empty", "The file has no rows", { where: { file: name }, remedy: "Check that it was written completely." });

function raise(error: AppError): never {
  throw error;
}

async function refuseUtf16(path: string, name: string): Promise<void> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    const mark = bytesRead === 2 ? buffer.readUInt16BE() : 0;
    if (mark === 0xfffe || mark === 0xfeff)
      throw fail("import/unreadable", "The file is UTF-16", { where: { file: name }, remedy: "Convert it to UTF-8 and import that." });
  } finally {
    await file.close();
  }
}
