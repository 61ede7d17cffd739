/** A piece of a text, about as long as asked for, that begins and ends where a reader would pause. */
export interface Chunk {
  text: string;
  /** Line where it begins, from 1. */
  line: number;
  /** UTF-16 offsets in the whole text, half-open. */
  span: { start: number; end: number };
  /** The section it stands in, null before the first heading and in plain text. */
  heading: string | null;
}

/** Paragraph, heading, fenced block or display formula: what is kept in one piece where that is possible. */
interface Block {
  raw: string;
  start: number;
  line: number;
  heading: string | null;
  /** Sentences of a fenced block or formula are no places to cut. */
  closed: boolean;
}

/** A block that is still open after as many chunk sizes was never meant to be closed. */
const RUNAWAY = 8;

/**
 * Cuts a text into chunks of about `size` characters, line by line and in memory that depends on `size` alone. It cuts at the ends of
 * paragraphs and sections, in longer paragraphs at the ends of sentences, and never inside a fenced block or a display formula
 * unless that alone is longer than eight chunks.
 */
export function createChunker({ size, markdown }: { size: number; markdown: boolean }) {
  let block: Block | null = null;
  let fence: string | null = null;
  let formula: string | null = null;
  let heading: string | null = null;
  let chunk: { raw: string; start: number; line: number; heading: string | null; headingOnly: boolean } | null = null;
  let out: Chunk[] = [];

  function push(raw: string, start: number, line: number): Chunk[] {
    out = [];
    const open = fence !== null || formula !== null;
    const title = markdown && !open ? /^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$/.exec(raw) : null;
    if (title !== null) {
      endBlock();
      heading = title[1] as string;
      addBlock({ raw, start, line, heading, closed: false }, true);
      return out;
    }
    if (!open && raw.trim() === "") {
      endBlock();
      if (chunk !== null) chunk.raw += raw;
      return out;
    }
    block ??= { raw: "", start, line, heading, closed: false };
    block.raw += raw;
    follow(raw, block);
    if (block.raw.length > size * RUNAWAY) {
      fence = null;
      formula = null;
      block.closed = false;
      endBlock();
    }
    return out;
  }

  /** Notes which fence or formula is open after a line. */
  function follow(raw: string, block: Block): void {
    const mark = /^\s*(`{3,}|~{3,})/.exec(raw)?.[1];
    if (fence !== null) {
      if (mark?.startsWith(fence) === true) fence = null;
      return;
    }
    if (mark !== undefined && formula === null) {
      fence = mark;
      block.closed = true;
      return;
    }
    for (const [sign] of raw.matchAll(/\$\$|\\\[|\\\]/g)) {
      if (formula === null && sign !== "\\]") formula = sign === "\\[" ? "\\]" : "$$";
      else if (formula === sign) formula = null;
    }
    if (formula !== null) block.closed = true;
  }

  function endBlock(): void {
    const ended = block;
    block = null;
    if (ended === null) return;
    if (ended.closed || ended.raw.length <= size * 1.5) addBlock(ended, false);
    else for (const piece of cutLong(ended, size)) addBlock(piece, false);
  }

  function addBlock(next: Block, isHeading: boolean): void {
    if (chunk !== null && !chunk.headingOnly) {
      const long = chunk.raw.length + next.raw.length > size * 1.25;
      if (long || (isHeading && chunk.raw.length >= size / 2)) flush();
    }
    chunk ??= { raw: "", start: next.start, line: next.line, heading: next.heading, headingOnly: true };
    chunk.raw += next.raw;
    if (!isHeading) chunk.headingOnly = false;
    if (!chunk.headingOnly && chunk.raw.length >= size) flush();
  }

  function flush(): void {
    const done = chunk;
    chunk = null;
    if (done === null || done.raw.trim() === "") return;
    const before = done.raw.length - done.raw.trimStart().length;
    const text = done.raw.trim();
    const start = done.start + before;
    const skipped = done.raw.slice(0, before).split("\n").length - 1;
    out.push({
      text: text.replaceAll("\r\n", "\n"),
      line: done.line + skipped,
      span: { start, end: start + text.length },
      heading: done.heading,
    });
  }

  function end(): Chunk[] {
    out = [];
    endBlock();
    flush();
    return out;
  }

  return { push, end };
}

/** A long paragraph in pieces, cut after sentences, else at line ends, else between words; nowhere inside `$…$`. */
function cutLong(block: Block, size: number): Block[] {
  const pieces: Block[] = [];
  let rest = block.raw;
  let { start, line } = block;
  while (rest.length > size * 1.5) {
    const at = cutPlace(rest, size);
    const raw = rest.slice(0, at);
    pieces.push({ ...block, raw, start, line });
    start += at;
    line += raw.split("\n").length - 1;
    rest = rest.slice(at);
  }
  pieces.push({ ...block, raw: rest, start, line });
  return pieces;
}

function cutPlace(text: string, size: number): number {
  const window = text.slice(0, Math.ceil(size * 1.25));
  for (const ends of [/[.!?。！？]["”’)]*\s+/gu, /\n/g, /\s+/g]) {
    let best = 0;
    for (const match of window.matchAll(ends)) {
      const at = match.index + match[0].length;
      if (at >= size / 2 && insideFormula(text, at) === false && (best === 0 || Math.abs(at - size) < Math.abs(best - size))) best = at;
    }
    if (best > 0) return best;
  }
  // Never between the halves of a surrogate pair.
  return /[\uD800-\uDBFF]/.test(text[size - 1] ?? "") ? size + 1 : size;
}

/** Whether an odd number of unescaped dollar signs stands before `at`. */
function insideFormula(text: string, at: number): boolean {
  let open = false;
  for (let index = 0; index < at; index++) {
    if (text[index] === "\\") index += 1;
    else if (text[index] === "$") open = !open;
  }
  return open;
}
