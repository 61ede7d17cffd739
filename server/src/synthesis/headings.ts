/** A heading line that names a section, and where the section's text begins. */
export interface Heading {
  /** Offset of the line. */
  start: number;
  /** Offset of the section's text: after the line, or behind the colon where the text goes on in the same line. */
  end: number;
  /** `#` signs of the line; 0 for `**Problem**`, `Problem:` and a line that is only the name. */
  level: number;
  /** Headings of one style belong together: `#2`, `bold`, `plain`. */
  style: string;
}

/** The bare name in a heading as a template gives it: `## Problem:` and `problem` are the same heading. */
export function headingName(heading: string): string {
  return heading
    .replace(/^[\s#*_]+/, "")
    .replace(/[\s:*_#：]+$/, "")
    .replace(/\s+/g, " ")
    .toLowerCase();
}

/**
 * Every line of `text` that is the named heading: any level, any case, bold, with a colon, with a number behind it.
 * Lines between code fences do not count: `# Solution` is a usual comment in a program. Runs in linear time.
 */
export function findHeadings(text: string, heading: string): Heading[] {
  const name = headingName(heading);
  if (name === "") return [];
  return linesOutsideFences(text).flatMap(({ start, line }) => matchLine(line, start, name) ?? []);
}

/** The offset of the first `#` heading of at most `level` at or after `from`, whatever it is called; -1 without one. */
export function nextHeading(text: string, from: number, level: number): number {
  for (const { start, line } of linesOutsideFences(text)) {
    if (start < from) continue;
    const hashes = /^ {0,3}(#{1,6})(?=[ \t]|$)/.exec(line)?.[1];
    if (hashes !== undefined && hashes.length <= level) return start;
  }
  return -1;
}

function matchLine(line: string, start: number, name: string): Heading | null {
  let at = skip(line, 0, " \t");
  const hashes = skip(line, at, "#") - at;
  if (hashes > 6) return null;
  at = skip(line, at + hashes, " \t");
  const bold = line.startsWith("**", at) || line.startsWith("__", at);
  if (bold) at = skip(line, at + 2, " \t");
  const words = line
    .slice(at, at + name.length + 8)
    .replace(/[ \t]+/g, " ")
    .toLowerCase();
  if (!words.startsWith(name)) return null;
  at = endOfName(line, at, name);
  if (/[\p{L}\p{N}_]/u.test(line.charAt(at)) && !line.startsWith("__", at)) return null;
  const number = /^[ \t]*(?:#|no\. ?)?\d{1,3}(?![\d.,]*\d|\p{L})/iu.exec(line.slice(at, at + 12));
  if (number !== null) at += number[0].length;
  at = skip(line, at, " \t");
  const colonInside = line.charAt(at) === ":" || line.charAt(at) === "：";
  if (colonInside) at = skip(line, at + 1, " \t");
  const closed = bold && (line.startsWith("**", at) || line.startsWith("__", at));
  if (closed) at = skip(line, at + 2, " \t");
  const colonBehind = line.charAt(at) === ":" || line.charAt(at) === "：";
  if (colonBehind) at = skip(line, at + 1, " \t");
  if (hashes > 0 && /^#+\s*$/.test(line.slice(at, at + 8))) at = line.length;
  const alone = skip(line, at, " \t\r") === line.length;
  const heading = alone || colonInside || colonBehind || closed;
  if (!heading || (bold && !closed && !colonInside)) return null;
  const style = hashes > 0 ? `#${hashes}` : bold ? "bold" : "plain";
  return { start, end: start + (alone ? line.length : at), level: hashes, style };
}

/** The name may be written with other spaces than the template's: walks both together. */
function endOfName(line: string, from: number, name: string): number {
  let at = from;
  for (let k = 0; k < name.length; k++) at = name[k] === " " ? skip(line, at, " \t") : at + 1;
  return at;
}

function skip(line: string, from: number, characters: string): number {
  let at = from;
  while (at < line.length && characters.includes(line.charAt(at))) at++;
  return at;
}

/** A fence that is never closed is no fence: a lost closing line must not hide the rest of a response. */
function linesOutsideFences(text: string): { start: number; line: string }[] {
  const outside: { start: number; line: string }[] = [];
  let held: { start: number; line: string }[] = [];
  let fence: string | null = null;
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    const mark: string | undefined = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === null && mark !== undefined) {
      fence = mark;
      held = [];
    } else if (fence !== null && mark?.startsWith(fence) && /^[\s`~]*$/.test(line)) {
      fence = null;
    } else {
      (fence === null ? outside : held).push({ start, line });
    }
    start = end + 1;
  }
  return fence === null ? outside : outside.concat(held);
}
