import { CHECKS, type Condition } from "#protocol/corpus.ts";

/** Conditions as a person sets them: values of a facet that are checked, ranges of a number that are brushed. */

export type NumberField = "tokens" | "length";

/** Inclusive; null where it is open. */
export interface NumberRange {
  low: number | null;
  high: number | null;
}

export const isChecked = (where: readonly Condition[], field: string, value: string): boolean =>
  where.some((one) => one.field === field && one.op === "=" && one.value === value);

export function toggleValue(where: readonly Condition[], field: string, value: string): Condition[] {
  if (isChecked(where, field, value)) return where.filter((one) => !(one.field === field && one.op === "=" && one.value === value));
  return [...where, { field, op: "=", value }];
}

export function rangeOf(where: readonly Condition[], field: string): NumberRange | null {
  const bound = (op: Condition["op"]) => {
    const found = where.find((one) => one.field === field && one.op === op);
    return found === undefined ? null : Number(found.value);
  };
  const range = { low: bound(">="), high: bound("<=") };
  return range.low === null && range.high === null ? null : range;
}

export function setRange(where: readonly Condition[], field: string, range: NumberRange | null): Condition[] {
  const others = where.filter((one) => one.field !== field);
  if (range?.low !== null && range?.low !== undefined) others.push({ field, op: ">=", value: String(range.low) });
  if (range?.high !== null && range?.high !== undefined) others.push({ field, op: "<=", value: String(range.high) });
  return others;
}

export const withoutField = (where: readonly Condition[], field: string): Condition[] => where.filter((one) => one.field !== field);

/** Fields that have a condition, in the order in which they were set. */
export const filteredFields = (where: readonly Condition[]): string[] => [...new Set(where.map(({ field }) => field))];

const FIELD_WORDS: Record<string, string> = {
  stage: "stage",
  format: "format",
  template: "template",
  label: "label",
  accepted: "accepted",
  edited: "edited",
  tokens: "tokens",
  length: "characters",
  "verdict.parse": "form",
  "verdict.answer": "answer",
  "verdict.copy": "own words",
  "verdict.duplicate": "new",
};

/** A field's name within a sentence. */
export const fieldWords = (field: string): string => FIELD_WORDS[field] ?? field;

const NONE_WORDS: Record<string, string> = { label: "no label" };

/** A facet's value as people read it; a row may have none. */
export function valueWords(field: string, value: string): string {
  if (value === "" || value === "none") return NONE_WORDS[field] ?? "none";
  if (field === "accepted" || field === "edited") return value === "true" ? "yes" : "no";
  return value;
}

const NUMBERS = new Intl.NumberFormat("en-US");

/** What the conditions on one field say: “stage: amc8, high”, “tokens 120–480”. */
export function conditionWords(where: readonly Condition[], field: string): string {
  const name = fieldWords(field);
  const range = rangeOf(where, field);
  const parts: string[] = [];
  if (range !== null) parts.push(`${name} ${rangeWords(range)}`);
  const values = where.filter((one) => one.field === field && one.op === "=").map(({ value }) => valueWords(field, value));
  if (values.length > 0) parts.push(`${name}: ${values.join(", ")}`);
  for (const { op, value } of where.filter((one) => one.field === field && !["=", ">=", "<="].includes(one.op)))
    parts.push(`${name} ${op} ${valueWords(field, value)}`);
  return parts.join(", ");
}

export function rangeWords({ low, high }: NumberRange): string {
  if (low === null) return `≤ ${NUMBERS.format(high ?? 0)}`;
  if (high === null) return `≥ ${NUMBERS.format(low)}`;
  return `${NUMBERS.format(low)}–${NUMBERS.format(high)}`;
}

/** Facets that are a verdict of a check, shown as one bar each. */
export const VERDICT_FIELDS: readonly string[] = CHECKS.map((check) => `verdict.${check}`);
