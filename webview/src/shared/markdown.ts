import { splitMath } from "./math-split.ts";

/** What a problem or a solution is made of. A small part of Markdown: what models write around their mathematics. */
export type Block =
  | { kind: "paragraph" | "heading"; text: string }
  | { kind: "list"; ordered: boolean; start: number; items: string[] }
  | { kind: "fence"; language: string; code: string };

const FENCE = /^ {0,3}(```+|~~~+)[ \t]*([^\s`]*)[^`]*$/;
const HEADING = /^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$/;
const BULLET = /^ {0,3}[-*+][ \t]+(?=\S)/;
const NUMBER = /^ {0,3}(\d{1,9})[.)][ \t]+(?=\S)/;

/**
 * Splits a text into its blocks. Never throws, and loses nothing but marks, blank lines and indentation. A formula of several lines
 * stays whole: a minus at the beginning of one of its lines is no item of a list.
 */
export function splitBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const within = formulaLines(lines);
  let codeUpTo = 0;
  let paragraph: string[] = [];
  const flush = () => {
    if (paragraph.length > 0) blocks.push({ kind: "paragraph", text: paragraph.join("\n") });
    paragraph = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    const formula = within.get(at);
    if (formula !== undefined && formula >= codeUpTo) {
      const list = paragraph.length === 0 ? blocks.at(-1) : undefined;
      if (list?.kind === "list") list.items.push(`${list.items.pop()}\n${line}`);
      else paragraph.push(line);
      continue;
    }
    const fence = FENCE.exec(line);
    if (fence !== null) {
      flush();
      const end = closingFence(lines, at + 1, fence[1] as string);
      blocks.push({ kind: "fence", language: fence[2] ?? "", code: lines.slice(at + 1, end).join("\n") });
      at = end;
      codeUpTo = end;
      continue;
    }
    const heading = HEADING.exec(line);
    if (heading !== null) {
      flush();
      blocks.push({ kind: "heading", text: heading[1] ?? "" });
      continue;
    }
    const number = NUMBER.exec(line);
    const mark = number ?? BULLET.exec(line);
    if (mark !== null) {
      const ordered = number !== null;
      const list = paragraph.length === 0 ? blocks.at(-1) : undefined;
      flush();
      const item = line.slice(mark[0].length);
      if (list?.kind === "list" && list.ordered === ordered) list.items.push(item);
      else blocks.push({ kind: "list", ordered, start: Number(number?.[1] ?? 1), items: [item] });
      continue;
    }
    if (line.trim() === "") {
      flush();
      continue;
    }
    // A line right behind an item, or an indented one, goes on with it.
    const list = blocks.at(-1);
    const continues = paragraph.length === 0 && list?.kind === "list" && (lines[at - 1]?.trim() !== "" || /^[ \t]{2,}/.test(line));
    if (continues) list.items.push(`${list.items.pop()}\n${line.trim()}`);
    else paragraph.push(line);
  }
  flush();
  return blocks;
}

/** The lines that begin inside of a formula, each with the line where that formula begins. */
function formulaLines(lines: readonly string[]): Map<number, number> {
  const within = new Map<number, number>();
  let line = 0;
  for (const { kind, source } of splitMath(lines.join("\n"))) {
    const end = line + source.split("\n").length - 1;
    if (kind === "math") for (let at = line + 1; at <= end; at++) within.set(at, line);
    line = end;
  }
  return within;
}

/** The line that closes a fence; behind the last one where nothing does, as while an answer is still being written. */
function closingFence(lines: readonly string[], from: number, opening: string): number {
  const closing = new RegExp(`^ {0,3}${opening[0] === "`" ? "`" : "~"}{${opening.length},}[ \\t]*$`);
  for (let at = from; at < lines.length; at++) if (closing.test(lines[at] as string)) return at;
  return lines.length;
}

/** A piece of a line of text: words, code, or the place where bold begins or ends. */
export type Inline = { kind: "text" | "code"; text: string } | { kind: "bold" };

/** Finds code and marks of bold. Whether a mark has its counterpart is for whoever has the whole paragraph to say. */
export function splitInline(text: string): Inline[] {
  const pieces: Inline[] = [];
  let done = 0;
  for (const { index, 0: token, 1: code } of text.matchAll(/`([^`\n]+)`|\*\*/g)) {
    if (index > done) pieces.push({ kind: "text", text: text.slice(done, index) });
    pieces.push(code === undefined ? { kind: "bold" } : { kind: "code", text: code });
    done = index + token.length;
  }
  if (done < text.length) pieces.push({ kind: "text", text: text.slice(done) });
  return pieces;
}
