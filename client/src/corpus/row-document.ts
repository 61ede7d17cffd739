/** A row as a Markdown document, and back. What a person changes in it is read again by its three headings. */

/** The texts of a row that can be edited. Absent texts and empty ones are the same. */
export interface RowTexts {
  text: string;
  solution: string | null;
  answer: string | null;
}

const HEADINGS = ["Problem", "Solution", "Answer"] as const;
type Heading = (typeof HEADINGS)[number];

const HEADING_LINE = /^## (Problem|Solution|Answer)[ \t]*$/;

/** A line of the text itself that looks like one of our headings stands in the document behind a backslash, as Markdown has it. */
const ESCAPED_LINE = /^\\+## (?:Problem|Solution|Answer)[ \t]*$/;

/** Prints the three sections. Lines are separated by \n. */
export function printRow({ text, solution, answer }: RowTexts): string {
  return [section("Problem", text), section("Solution", solution ?? ""), section("Answer", answer ?? "")].join("\n");
}

const section = (heading: Heading, text: string): string => `## ${heading}\n\n${escapeLines(unixLines(text))}\n`;

const unixLines = (text: string): string => text.replace(/\r\n?/g, "\n");

const escapeLines = (text: string): string =>
  text
    .split("\n")
    .map((line) => (HEADING_LINE.test(line) || ESCAPED_LINE.test(line) ? `\\${line}` : line))
    .join("\n");

/** A place in the document that keeps it from being read, and what to do there. Lines count from 1. */
export class MalformedRow extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** @throws MalformedRow where a heading is missing or stands twice, where text stands before the first, or the problem is empty. */
export function parseRow(document: string): RowTexts {
  const found = new Map<Heading, { line: number; lines: string[] }>();
  let current: string[] | null = null;
  for (const [at, line] of unixLines(document).split("\n").entries()) {
    const heading = HEADING_LINE.exec(line)?.[1] as Heading | undefined;
    if (heading !== undefined) {
      const earlier = found.get(heading);
      if (earlier !== undefined)
        throw new MalformedRow(
          `The heading “## ${heading}” stands twice, in lines ${earlier.line} and ${at + 1}. If it belongs to the text, put a backslash before it.`,
          at + 1,
        );
      current = [];
      found.set(heading, { line: at + 1, lines: current });
    } else if (current !== null) current.push(ESCAPED_LINE.test(line) ? line.slice(1) : line);
    else if (line.trim() !== "") throw new MalformedRow("Text stands before the heading “## Problem”. Move it below the heading.", at + 1);
  }
  const problem = found.get("Problem");
  if (problem === undefined) throw new MalformedRow("The heading “## Problem” is missing. Put it above the problem.", 1);
  const text = bodyOf(problem.lines);
  if (text.trim() === "") throw new MalformedRow("The problem is empty. Write it below “## Problem”.", problem.line);
  return { text, solution: textOrNull(found.get("Solution")?.lines), answer: textOrNull(found.get("Answer")?.lines) };
}

function textOrNull(lines: string[] | undefined): string | null {
  const text = bodyOf(lines ?? []);
  return text === "" ? null : text;
}

/** One empty line on either side belongs to the document, not to the text. */
function bodyOf(lines: string[]): string {
  const end = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  return lines.slice(lines[0] === "" && end > 0 ? 1 : 0, end).join("\n");
}

/** Whether nothing but line ends differs. */
export function sameTexts(one: RowTexts, other: RowTexts): boolean {
  const plain = (text: string | null) => unixLines(text ?? "");
  return (
    plain(one.text) === plain(other.text) && plain(one.solution) === plain(other.solution) && plain(one.answer) === plain(other.answer)
  );
}
