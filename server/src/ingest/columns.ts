import { FORMATS } from "#protocol/template.ts";
import { findAnswer } from "../synthesis/answer.ts";

/** A row of a file as it goes into a dataset. */
export interface ImportedRow {
  text: string;
  solution: string | null;
  answer: string | null;
  stage: string | null;
  format: string | null;
  license: string | null;
  /** The columns `id`, `source`, `license` and `stage` as they came: part of the row's identity. */
  source: (string | null)[];
  /** Columns that the format does not name, as they came; null where there are none. */
  extra: Record<string, unknown> | null;
}

type Cells = Record<string, unknown>;
type Content = Pick<ImportedRow, "text" | "solution" | "answer" | "format">;

/** A form of rows that is understood: which columns it reads, and how. */
export interface Shape {
  name: string;
  kind: "seed" | "problem";
  uses: string[];
  /** The row's content, or the reason why there is none. */
  read(cells: Cells): Content | string;
}

const released: Shape = {
  name: "JiuZhang3.0",
  kind: "problem",
  uses: ["input", "output"],
  read({ input, output }) {
    const parts = /^\s*## Question[ \t]*\r?\n([\s\S]*?)\r?\n## (Code )?Solution\s*$/.exec(string(input));
    if (parts === null) return "`input` is not “## Question … ## Solution” or “## Question … ## Code Solution”";
    const solution = string(output).trim();
    const format = parts[2] === undefined ? "nl" : "tool";
    const answer = findAnswer(solution, format === "tool" ? "program" : "any");
    return { text: (parts[1] as string).trim(), solution, answer, format };
  },
};

const math: Shape = {
  name: "MATH",
  kind: "problem",
  uses: ["problem", "solution", "answer", "format"],
  read({ problem, solution, answer, format }) {
    const written = optional(solution);
    const known = FORMATS.find((name) => name === format) ?? null;
    const found = written === null ? null : findAnswer(written, known === "tool" ? "program" : "any");
    return { text: string(problem), solution: written, answer: optional(answer) ?? found, format: known };
  },
};

const gsm8k: Shape = {
  name: "GSM8K",
  kind: "problem",
  uses: ["question", "answer", "body"],
  read({ question, answer, body }) {
    const before = optional(body);
    const text = before === null ? string(question) : `${before} ${string(question)}`;
    const whole = optional(answer);
    const mark = whole?.lastIndexOf("####") ?? -1;
    if (whole === null || mark === -1) return { text, solution: null, answer: whole, format: null };
    return { text, solution: whole.slice(0, mark).trim(), answer: whole.slice(mark + 4).trim() || null, format: "nl" };
  },
};

const seed = (column: "text" | "content"): Shape => ({
  name: "seed",
  kind: "seed",
  uses: [column],
  read: (cells) => ({ text: string(cells[column]), solution: null, answer: null, format: null }),
});

export const ACCEPTED =
  "Accepted are: `text` or `content` (seeds), `problem` and `solution`, `question` and `answer`, or JiuZhang3.0's `input` (“## Question … ## Solution”) and `output`.";

/** The shape that a row's columns tell, or null. Letter case of names does not count. */
export function chooseShape(columns: string[]): Shape | null {
  const has = new Set(columns.map((name) => name.toLowerCase()));
  if (has.has("input") && has.has("output")) return released;
  if (has.has("problem")) return math;
  if (has.has("question") && has.has("answer")) return gsm8k;
  if (has.has("text")) return seed("text");
  if (has.has("content")) return seed("content");
  return null;
}

/** Reads rows of one shape. `license` and `stage` stand in where a row has no such column. */
export function createRowReader(shape: Shape, defaults: { license: string | null; stage: string | null }) {
  const used = new Set(shape.uses);
  return (cells: Cells): ImportedRow | string => {
    const known: Cells = {};
    let extra: Cells | null = null;
    for (const name in cells) {
      const lower = name.toLowerCase();
      if (used.has(lower)) known[lower] = cells[name];
      else if (lower === "license" || lower === "stage") known[lower] = cells[name];
      else {
        if (lower === "id" || lower === "source") known[lower] = cells[name];
        extra ??= {};
        extra[name] = cells[name];
      }
    }
    const content = shape.read(known);
    if (typeof content === "string") return content;
    if (content.text.trim() === "") return "the text is empty";
    // SQLite and most tools end a text at a NUL; a file that has one is damaged or binary, so the row is refused instead of altered.
    if (hasNul(content.text) || hasNul(content.solution) || hasNul(content.answer)) return "the text has a NUL character";
    const license = optional(known.license) ?? defaults.license;
    const stage = optional(known.stage) ?? defaults.stage;
    return { ...content, license, stage, source: [optional(known.id), optional(known.source), license, stage], extra };
  };
}

const hasNul = (text: string | null): boolean => text?.includes("\0") === true;

/** A cell as text; objects keep their JSON. */
function string(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const optional = (value: unknown): string | null => string(value).trim() || null;
