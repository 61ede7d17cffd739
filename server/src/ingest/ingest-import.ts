import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "#protocol/errors.ts";
import type { ImportFile } from "#protocol/files/imports.ts";
import { isGzip } from "../files/lines.ts";
import type { OpContext } from "../store/ops.ts";
import { buildSortIndexes, dropSortIndexes } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import { answerVerdict } from "../verify/answer.ts";
import { copyVerdict } from "../verify/copy.ts";
import { compareOrigins } from "../verify/duplicate.ts";
import { parseVerdict } from "../verify/parse.ts";
import { type Entry, readEntries } from "./entries.ts";
import { importedId } from "./ids.ts";
import { findShape } from "./inspect.ts";
import { importsDir } from "./layout.ts";
import { datasetNumber, type FileState, fileState, MOST_PROBLEMS, originNumber, readFileState, saveFileState } from "./registry.ts";
import { createRowWriter, type NewRow, type RowWriter } from "./rows.ts";
import { settleCopies } from "./settle.ts";

/** Rows of one transaction: the pages of the id index are spread over all of it, so many rows share the cost of writing them. */
const TRANSACTION_ROWS = 50_000;

/** A transaction also ends at as many characters, so that it stays within seconds. */
const TRANSACTION_CHARACTERS = 96 * 1024 * 1024;

/** Rows that are put in before the transaction's length is looked at again. */
const PIECE_ROWS = 1_000;

/** From this many bytes on, sort indexes are made afterwards. */
const BULK_BYTES = 64 * 1024 * 1024;

/**
 * Brings an import's rows into the index, going on where an earlier try stopped, up to where it was cancelled. Rows and position are committed together,
 * so a kill at any moment loses and repeats nothing.
 */
export async function ingestImport(context: OpContext, about: ImportFile, limit = TRANSACTION_ROWS): Promise<FileState> {
  const { sql, project, signal } = context;
  const path = join(importsDir(project), about.sha256, "data");
  const created = Date.parse(about.imported);
  const origin = sql.transaction(() => {
    const dataset = datasetNumber(sql, about.dataset, about.kind, created);
    return { dataset, n: originNumber(sql, { kind: "import", name: about.sha256, dataset, created, key: about.sha256, detail: about }) };
  });
  const name = `imports/${about.sha256}/data`;
  let state = sql.transaction(() => fileState(sql, origin.n, name));
  const until = about.until ?? Number.POSITIVE_INFINITY;
  const over = ({ done, position }: FileState) => done === 1 || position >= until;
  if (over(state)) return state;
  const { size } = await stat(path);
  const rowwise = about.format === "jsonl" || about.format === "csv";
  const fresh = size - (rowwise ? state.position : 0);
  // Beside a much larger index the pages of a panel would sort millions of rows meanwhile, and to make the indexes anew would take longer.
  const bulk = fresh >= BULK_BYTES && fresh >= indexBytes(sql) / 2;
  if (bulk) dropSortIndexes(sql);
  const shape = await findShape(path, about.format, about.file);
  const unit = rowwise && !(await isGzip(path)) ? "bytes" : "rows";
  const writer = createRowWriter(sql);
  const toRow = rowMaker(about, origin.dataset, created);

  /** Puts entries in until the transaction is long enough; false where no more are to be read. */
  const takeSome = async (entries: AsyncIterator<Entry[]>): Promise<boolean> => {
    const next = { ...state };
    let rows = 0;
    let characters = 0;
    writer.begin();
    while (rows < limit && characters < TRANSACTION_CHARACTERS && !over(next)) {
      const { value, done } = await entries.next();
      if (done === true) next.done = 1;
      for (const entry of done === true ? [] : value) {
        if (entry.row === null) keepProblem(sql, next, entry.problem as Problem);
        else if (put(sql, writer, toRow(entry, next.n))) next.rows += 1;
        else next.duplicates += 1;
        next.position = entry.next;
        next.line = entry.through ?? entry.line;
        rows += 1;
        characters += (entry.row?.text.length ?? 0) + (entry.row?.solution?.length ?? 0);
        if (over(next)) break;
      }
      signal.throwIfAborted();
    }
    writer.flush();
    saveFileState(sql, next);
    state = next;
    return !over(next);
  };

  const run = async (): Promise<void> => {
    const { license, stage } = about;
    const start = { position: state.position, line: state.line };
    const options = { path, name: about.file, shape, defaults: { license, stage }, start };
    const entries = inPieces(readEntries(about.format, about.chunk, options), Math.min(limit, PIECE_ROWS));
    try {
      for (let more = true; more; ) {
        more = await sql.longTransaction(async () => {
          const now = readFileState(sql, origin.n, name) as FileState;
          const moved = now.position !== state.position || now.done !== state.done;
          // Another process imports the same file and has got further: go on from there.
          if (moved) state = now;
          return !moved && (await takeSome(entries));
        });
        report();
        // Lets a cancellation arrive.
        await new Promise((resolve) => setImmediate(resolve));
        await context.breathe?.();
        signal.throwIfAborted();
      }
    } finally {
      await entries.return(undefined);
    }
  };
  const report = () => {
    const done = unit === "bytes" ? state.position : state.rows + state.duplicates + state.rejected;
    context.progress({ stage: "import", done, unit, ...(unit === "bytes" ? { total: size } : {}) });
  };

  while (!over(state)) await run();
  report();
  // Also where an earlier try that was killed has left them out.
  buildSortIndexes(sql);
  if (about.kind === "seed") settleCopies(sql);
  return state;
}

const indexBytes = (sql: Sql): number =>
  sql.prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size").get<{ bytes: number }>()?.bytes ?? 0;

/** Smaller batches, so that a transaction ends where it should. */
async function* inPieces(batches: AsyncGenerator<Entry[]>, most: number): AsyncGenerator<Entry[]> {
  for await (const batch of batches) for (let at = 0; at < batch.length; at += most) yield batch.slice(at, at + most);
}

function rowMaker(about: ImportFile, dataset: number, created: number) {
  return (entry: Entry, file: number): NewRow => {
    const { text, solution, answer, stage, format, license, source, extra } = entry.row as NonNullable<Entry["row"]>;
    const { kind } = about;
    return {
      id: importedId({ dataset: about.dataset, kind, text, solution, answer, source }),
      dataset,
      kind,
      created,
      text,
      solution,
      answer,
      stage,
      format,
      template: null,
      tokens: null,
      file,
      line: entry.line,
      span: entry.span,
      license,
      extra,
      response: null,
      source: about.sha256,
      ordinal: entry.span?.start ?? entry.line,
      verdicts: kind === "seed" ? null : { parse: parseVerdict(null), answer: answerVerdict(answer), copy: copyVerdict(text, null) },
    };
  };
}

/** Adds a row; where the same row is there from a later import, this one takes its place, so that the order of ingesting does not matter. */
function put(sql: Sql, writer: RowWriter, row: NewRow): boolean {
  if (writer.add(row)) return true;
  const there = sql.prepare("SELECT n, file FROM row WHERE id = ?").get<{ n: number; file: number }>(row.id);
  if (there === undefined || there.file === row.file || compareOrigins(row, writer.originOf(there.n)) >= 0) return false;
  writer.remove(there.n);
  sql.prepare("UPDATE file SET rows = rows - 1, duplicates = duplicates + 1 WHERE n = ?").run(there.file);
  return writer.add(row);
}

function keepProblem(sql: Sql, state: FileState, problem: Problem): void {
  if (state.rejected < MOST_PROBLEMS)
    sql.prepare("INSERT OR IGNORE INTO problem VALUES (?, ?, ?)").run(state.n, problem.where?.line ?? 0, JSON.stringify(problem));
  state.rejected += 1;
}
