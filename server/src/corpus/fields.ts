/** How a condition's field is compared. */
export type Kind = "text" | "number" | "time" | "flag" | "verdict" | "id" | "template" | "seed" | "kind";

/** Every field that a `--where` may name, and the column behind it. */
export const FIELDS: Record<string, { kind: Kind; column: string }> = {
  id: { kind: "id", column: "row.id" },
  kind: { kind: "kind", column: "row.kind" },
  stage: { kind: "text", column: "row.stage" },
  format: { kind: "text", column: "row.format" },
  template: { kind: "template", column: "row.template" },
  seed: { kind: "seed", column: "row.response" },
  created: { kind: "time", column: "row.created" },
  length: { kind: "number", column: "row.length" },
  tokens: { kind: "number", column: "row.tokens" },
  copied: { kind: "number", column: "row.copied" },
  accepted: { kind: "flag", column: "row.accepted" },
  text: { kind: "text", column: "body.text" },
  solution: { kind: "text", column: "body.solution" },
  answer: { kind: "text", column: "body.answer" },
  license: { kind: "text", column: "body.license" },
  "verdict.parse": { kind: "verdict", column: "row.parse" },
  "verdict.answer": { kind: "verdict", column: "row.answer" },
  "verdict.copy": { kind: "verdict", column: "row.copy" },
  "verdict.duplicate": { kind: "verdict", column: "row.duplicate" },
};

/** Which comparisons a kind of field has. */
export const OPERATORS: Record<Kind, readonly string[]> = {
  text: ["=", "!=", "~"],
  number: ["=", "!=", "<", "<=", ">", ">="],
  time: ["=", "!=", "<", "<=", ">", ">="],
  flag: ["=", "!="],
  verdict: ["=", "!="],
  id: ["=", "!="],
  template: ["=", "!=", "~"],
  seed: ["=", "!="],
  kind: ["=", "!="],
};

export const VERDICT_VALUES: Record<string, number> = { fail: 0, pass: 1, unknown: 2 };
