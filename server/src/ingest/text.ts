import { isUtf8 } from "node:buffer";
import { ROW_MAX_BYTES } from "#protocol/limits.ts";
import { readLines } from "../files/lines.ts";
import { type Chunk, createChunker } from "./chunk.ts";
import { type Entry, type EntryOptions, rejected } from "./entries.ts";
import { tooLarge } from "./json.ts";

/** The chunks of a Markdown or plain text. `next` counts entries: where a chunk ends depends on all before it. */
export async function* textEntries(
  { path, name, defaults, start }: EntryOptions,
  form: { size: number; markdown: boolean },
): AsyncGenerator<Entry[]> {
  const chunker = createChunker(form);
  let count = 0;
  const toEntry = ({ text, line, span, heading }: Chunk): Entry => {
    if (text.includes("\0")) return rejected(name, line, count, "the text has a NUL character");
    const { license, stage } = defaults;
    // The same words in two places of a text are one seed, so the place is no part of the identity.
    const row = { text, solution: null, answer: null, format: null, license, stage, source: [null, null, license, stage] };
    return { line, next: count, row: { ...row, extra: heading === null ? null : { heading } }, problem: null, span };
  };
  const fresh = function* (entries: Iterable<() => Entry>): Generator<Entry> {
    for (const make of entries) {
      count += 1;
      if (count > start.position) yield make();
    }
  };
  let position = 0;
  for await (const lines of readLines(path, { limit: ROW_MAX_BYTES })) {
    const made: (() => Entry)[] = [];
    for (const { bytes, length, number, complete } of lines) {
      if (bytes === null || !isUtf8(bytes)) {
        made.push(() => (bytes === null ? tooLarge(name, number, count, length) : rejected(name, number, count, "it is not valid UTF-8")));
        position += (bytes?.toString("utf8").length ?? length) + 1;
        continue;
      }
      const decoded = bytes.toString("utf8");
      const bare = number === 1 && decoded.charCodeAt(0) === 0xfeff ? decoded.slice(1) : decoded;
      position += decoded.length - bare.length;
      for (const chunk of chunker.push(complete ? `${bare}\n` : bare, position, number)) made.push(() => toEntry(chunk));
      position += bare.length + 1;
    }
    const entries = [...fresh(made)];
    if (entries.length > 0) yield entries;
  }
  const last = [...fresh(chunker.end().map((chunk) => () => toEntry(chunk)))];
  if (last.length > 0) yield last;
}
