/** How a condition's field is compared. */
export type Kind = "text" | "number" | "time" | "flag" | "verdict" | "label" | "id" | "template" | "seed" | "kind";

/**
 * Every field that a `--where` may name, and the column behind it. Those of `tally` are facets: rows that have all of them in common
 * are counted together.
 */
export const FIELDS: Record<string, { kind: Kind; column: string }> = {
  id: { kind: "id", column: "row.id" },
  kind: { kind: "kind", column: "tally.kind" },
  stage: { kind: "text", column: "tally.stage" },
  format: { kind: "text", column: "tally.format" },
  template: { kind: "template", column: "tally.template" },
  seed: { kind: "seed", column: "row.response" },
  created: { kind: "time", column: "row.created" },
  length: { kind: "number", column: "row.length" },
  tokens: { kind: "number", column: "row.tokens" },
  copied: { kind: "number", column: "row.copied" },
  accepted: { kind: "flag", column: "tally.accepted" },
  label: { kind: "label", column: "tally.label" },
  edited: { kind: "flag", column: "tally.edited" },
  text: { kind: "text", column: "body.text" },
  solution: { kind: "text", column: "body.solution" },
  answer: { kind: "text", column: "body.answer" },
  license: { kind: "text", column: "body.license" },
  "verdict.parse": { kind: "verdict", column: "tally.parse" },
  "verdict.answer": { kind: "verdict", column: "tally.answer" },
  "verdict.copy": { kind: "verdict", column: "tally.copy" },
  "verdict.duplicate": { kind: "verdict", column: "tally.duplicate" },
};

/** Fields that the sort indexes hold. */
export const SORTED = new Set(["created", "length", "tokens"]);

export const isFacet = (field: string): boolean => FIELDS[field]?.column.startsWith("tally.") === true;

/** Which comparisons a kind of field has. */
export const OPERATORS: Record<Kind, readonly string[]> = {
  text: ["=", "!=", "~"],
  number: ["=", "!=", "<", "<=", ">", ">="],
  time: ["=", "!=", "<", "<=", ">", ">="],
  flag: ["=", "!="],
  verdict: ["=", "!="],
  label: ["=", "!="],
  id: ["=", "!="],
  template: ["=", "!=", "~"],
  seed: ["=", "!="],
  kind: ["=", "!="],
};

export const VERDICT_VALUES: Record<string, number> = { fail: 0, pass: 1, unknown: 2 };

/** How a label is kept; a row that nobody has labelled has none. */
export const LABEL_VALUES: Record<string, number | null> = { reject: 0, keep: 1, none: null };
