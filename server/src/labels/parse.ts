import { hash } from "node:crypto";
import type { Problem } from "#protocol/errors.ts";
import { LabelLine } from "#protocol/files/labels.ts";
import { parseObject } from "../files/json.ts";
import { labelsPath } from "./files.ts";

/** One line that can be read. */
export interface ReadEntry {
  line: number;
  entry: LabelLine;
  /** Tells whether two lines of one id say the same. */
  digest: string;
}

export interface ReadLines {
  entries: ReadEntry[];
  problems: Problem[];
  /** Bytes and lines up to and with the last newline. */
  position: number;
  lines: number;
  /** Whether something stands behind the last newline. */
  open: boolean;
}

const NEWLINE = 10;

/**
 * Reads a person's file from a place on (bytes, lines before it). A line that cannot be read is a problem, and the others count.
 * A last line without an end counts where it is whole.
 */
export function readLabels(person: string, bytes: Buffer, start: { position: number; line: number }): ReadLines {
  const read: ReadLines = { entries: [], problems: [], position: start.position, lines: start.line, open: false };
  const take = (from: number, to: number, line: number): void => {
    const taken = readLine(bytes.subarray(from, to));
    if (taken === null) return;
    if ("entry" in taken) read.entries.push({ ...taken, line });
    else read.problems.push(malformed(person, line, taken.reason, taken.remedy));
  };
  for (let at = bytes.indexOf(NEWLINE, start.position); at !== -1; at = bytes.indexOf(NEWLINE, read.position)) {
    read.lines += 1;
    take(read.position, at, read.lines);
    read.position = at + 1;
  }
  if (read.position < bytes.length) {
    read.open = true;
    take(read.position, bytes.length, read.lines + 1);
  }
  return read;
}

export const malformed = (person: string, line: number, reason: string, remedy: string): Problem => ({
  code: "labels/malformed-line",
  message: `Line skipped: ${reason}`,
  where: { file: labelsPath(person), line },
  remedy,
});

const MEND = "All other lines count; mend or remove this one.";

function readLine(bytes: Buffer): { entry: LabelLine; digest: string } | { reason: string; remedy: string } | null {
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (text.trim() === "") return null;
  if (/^(<{7}|\|{7}|={7}|>{7})(\s|$)/.test(text))
    return { reason: "a merge left its mark here", remedy: "Keep the lines of both sides, and remove this one." };
  const parsed = parseObject(text);
  if (typeof parsed === "string") return { reason: parsed, remedy: MEND };
  if (typeof parsed.version === "number" && parsed.version > 1)
    return { reason: `it is of version ${parsed.version}, and this program knows 1`, remedy: "Update JiuZhang." };
  const checked = LabelLine.safeParse(parsed);
  if (checked.success) return { entry: checked.data, digest: hash("sha256", JSON.stringify(checked.data), "hex").slice(0, 24) };
  const [issue] = checked.error.issues;
  return { reason: `it is no label, edit, deletion or undo (${issue?.path.join(".") || "line"}: ${issue?.message})`, remedy: MEND };
}
