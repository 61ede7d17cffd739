import { readChunks } from "../files/lines.ts";

const NEWLINE = 10;
const QUOTE = 34;

/** The bytes of one CSV record, which may go over several lines. */
export interface CsvRecord {
  /** Without its line end; null where it is longer than the limit. */
  bytes: Buffer | null;
  position: number;
  /** Bytes without the newline. */
  length: number;
  /** Line where it begins, from 1. */
  line: number;
  /** Where the next record begins, and the lines before it. */
  next: { position: number; line: number };
  /** The record's last quote is never closed: only its first line is given. */
  open: boolean;
}

/**
 * Cuts a CSV file into records, in memory that depends on `limit` alone. A quote opens at the beginning of a cell only (RFC 4180). Where it is
 * not closed within the limit, the record counts as one line, and the next one begins behind that: a stray quote costs one row.
 */
export async function* csvRecords(
  path: string,
  start: { position: number; line: number },
  { delimiter, limit }: { delimiter: string; limit: number },
): AsyncGenerator<CsvRecord[]> {
  for (let at: { position: number; line: number } | null = start; at !== null; ) {
    const from: { position: number; line: number } = at;
    at = null;
    for await (const batch of cut(path, from, delimiter.charCodeAt(0), limit)) {
      yield batch;
      const last = batch.at(-1);
      if (last?.open === true) at = last.next;
    }
  }
}

async function* cut(
  path: string,
  start: { position: number; line: number },
  delimiter: number,
  limit: number,
): AsyncGenerator<CsvRecord[]> {
  let kept: Buffer[] = [];
  let length = 0;
  let { position, line } = start;
  let lines = 0;
  let firstLine: Buffer | null = null;
  let firstLength = 0;
  let quoted = false;
  let cellStart = true;
  let closed = false;
  const keep = (piece: Buffer) => {
    length += piece.length;
    if (length > limit) kept = [];
    else kept.push(piece);
  };
  const record = (): CsvRecord => {
    const bytes = length > limit ? null : Buffer.concat(kept);
    const next = { position: position + length + 1, line: line + lines + 1 };
    const done = { bytes, position, length, line: line + 1, next, open: false };
    ({ position, line } = next);
    kept = [];
    length = 0;
    lines = 0;
    firstLine = null;
    cellStart = true;
    return done;
  };
  /** Gives up on a quote that does not close. */
  const unclosed = (): CsvRecord => {
    const bytes = firstLine ?? (length > limit ? null : Buffer.concat(kept));
    const size = firstLine === null ? length : firstLength;
    return { bytes, position, length: size, line: line + 1, next: { position: position + size + 1, line: line + 1 }, open: true };
  };
  for await (const chunk of readChunks(path, start.position)) {
    const records: CsvRecord[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        // A doubled quote closes and opens again, which comes to the same.
        const opens: boolean = !quoted && (cellStart || closed);
        closed = quoted;
        quoted = opens;
        cellStart = false;
        continue;
      }
      closed = false;
      if (byte === NEWLINE && !quoted) {
        keep(chunk.subarray(from, at));
        records.push(record());
        from = at + 1;
      } else if (byte === NEWLINE) {
        lines += 1;
        if (firstLine === null) {
          firstLength = length + at - from;
          firstLine = firstLength > limit ? null : Buffer.concat([...kept, chunk.subarray(from, at)]);
        }
      } else if (!quoted) cellStart = byte === delimiter || (cellStart && position === 0 && length + at - from < 3);
    }
    if (from < chunk.length) keep(chunk.subarray(from));
    if (quoted && length > limit) {
      yield [...records, unclosed()];
      return;
    }
    if (records.length > 0) yield records;
  }
  if (length > 0) yield [quoted ? unclosed() : record()];
}
