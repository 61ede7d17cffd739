import type { Problem } from "./errors.ts";

/** A row of a dataset: a seed text or a problem. The id is a hash of its content and origin, so a rebuilt index has the same ids. */
export interface Row {
  id: string;
  dataset: string;
  kind: "seed" | "problem";
  stage: string | null;
  format: string | null;
  /** The seed text, or the problem; null where a response did not parse. */
  text: string | null;
  solution: string | null;
  answer: string | null;
  /** ISO 8601, when the row's response was received or its file was imported. */
  created: string;
  /** Completion tokens of the response, where the endpoint told. */
  tokens: number | null;
  verdicts: Verdict[];
  /** All four checks passed (problems only). */
  accepted: boolean;
  /** The latest label that anybody gave it. */
  label: Label | null;
  /** The row that this one was edited from. */
  parent: string | null;
}

/** What a person says of a row. */
export type Label = "keep" | "reject";

/** The checks that every problem passes through when it is ingested. */
export const CHECKS = ["parse", "answer", "copy", "duplicate"] as const;
export type Check = (typeof CHECKS)[number];

export interface Verdict {
  check: Check;
  value: "pass" | "fail" | "unknown";
  /** In words, for people: "no heading “## Solution”", "0.71 of its 8-grams stand in the seed". */
  reason: string;
  /** The number or text behind the verdict: a share, the id of the earlier duplicate, the matched text. */
  evidence: string | number | null;
}

export interface Dataset {
  name: string;
  kind: "seed" | "problem";
  rows: number;
  /** sha256 over the manifest of what the dataset is made of: file hashes and job keys, in order. */
  revision: string;
  accepted: number;
  updated: string;
}

/** One comparison of a `--where`, already parsed. */
export interface Condition {
  field: string;
  op: "=" | "!=" | "<" | "<=" | ">" | ">=" | "~";
  value: string;
}

export interface Query {
  dataset: string;
  /** All must hold; of several `=` on one field any one is enough. */
  where: Condition[];
  /** Full-text search in the problem text; SQLite FTS5 words, all must occur. */
  search?: string | undefined;
  sort: { field: "created" | "length" | "tokens"; descending: boolean };
  /** Rows of a page, at most PAGE_MAX_ROWS. */
  limit: number;
  /** The cursor of the page before. */
  after?: string | undefined;
  /** Rows to go past after the cursor, at most PAGE_MAX_SKIP. */
  skip?: number | undefined;
  /** Whole texts instead of texts cut at CELL_MAX_CHARACTERS. */
  whole?: boolean | undefined;
  /** Solutions are left out (null): a list does not show them. */
  brief?: boolean | undefined;
}

export interface Page {
  rows: Row[];
  /** Cursor of the next page, null at the end. */
  next: string | null;
}

/** Where a seed or an imported problem was read from. */
export interface Source {
  /** The file as it was named at import, relative to the project where it lies inside it. */
  file: string;
  sha256: string;
  /** Line of the row in the file (from 1); for chunks of a text, the line where the chunk begins. */
  line: number;
  /** Characters of the original text that a chunk covers (half-open), null where the row is a whole record. */
  span: { start: number; end: number } | null;
  license: string | null;
  /** Columns that the format does not name, kept as they came. */
  extra: Record<string, unknown>;
}

/** The whole walk of a row, from itself back to the line that made it. */
export interface Walk {
  row: Row;
  /** Present for generated problems. */
  response: {
    file: string;
    line: number;
    received: string;
    model: string | null;
    finish: string | null;
    raw: string;
    reasoning: string | null;
    usage: Usage | null;
    milliseconds: number | null;
  } | null;
  request: {
    key: string;
    file: string;
    line: number;
    url: string;
    body: Record<string, unknown>;
    sample: number;
    job: string;
    modelIdentity: string;
  } | null;
  template: { path: string; sha256: string; snapshot: string; line: number | null } | null;
  seed: { id: string; dataset: string; text: string; source: Source } | null;
  /** Present for imported rows. */
  source: Source | null;
}

export interface Usage {
  prompt: number;
  completion: number;
  /** Part of `prompt` that the provider served from its cache. */
  cached: number;
  /** Part of `completion` that the model spent on thinking. */
  reasoning: number;
}

/** What an import did. Every row of the file is in exactly one of these counts. */
export interface ImportReport {
  file: string;
  sha256: string;
  dataset: string;
  format: string;
  rows: number;
  /** Rows that the dataset already had. */
  duplicates: number;
  /** Rows that could not be read; the first of them with their places. */
  rejected: number;
  problems: Problem[];
}

export interface Progress {
  stage: string;
  done: number;
  /** Absent while the end is unknown. */
  total?: number;
  unit: string;
}
