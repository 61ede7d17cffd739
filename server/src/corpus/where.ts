import type { Condition } from "#protocol/corpus.ts";
import { type AppError, fail } from "#protocol/errors.ts";
import { FIELDS, type Kind, LABEL_VALUES, OPERATORS, VERDICT_VALUES } from "./fields.ts";

const EXAMPLE = "Write for instance: stage=grade verdict.copy=fail tokens>100 text~triangle; a value with spaces stands in double quotes.";

/**
 * Parses conditions such as `stage=grade verdict.copy=fail tokens>100 text~"two words"`, separated by white space; all must hold, but
 * of several `=` on one field any one is enough. A flag by itself is `=true`.
 * In quotes, `\"` and `\\` stand for themselves. An empty text is no condition.
 * @throws usage/invalid-argument, with the half-open span of the condition as `start` and `end` of its data
 */
export function parseWhere(text: string): Condition[] {
  const conditions: Condition[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at += found[0].length;
    return found;
  };
  for (;;) {
    match(/\s*/y);
    if (at === text.length) return conditions;
    const start = at;
    const field = match(/[\p{L}\p{N}_.-]+/uy)?.[0];
    const op = match(/!=|<=|>=|=|<|>|~/y)?.[0] as Condition["op"] | undefined;
    if (field !== undefined && op === undefined && FLAGS.has(field) && /^(?:\s|$)/.test(text.slice(at))) {
      conditions.push({ field, op: "=", value: "true" });
      continue;
    }
    const rest = { start, end: text.trimEnd().length };
    if (field === undefined || op === undefined) throw invalid(`“${excerpt(text.slice(start))}” is no condition`, EXAMPLE, rest);
    const quoted = match(/"((?:[^"\\]|\\[\s\S])*)"(?=\s|$)/y);
    const bare = quoted === null ? match(/[^\s"]\S*/y) : null;
    if (quoted === null && bare === null)
      throw invalid(`“${excerpt(text.slice(start))}” has no value, or a quote that is not closed`, EXAMPLE, rest);
    const value = quoted === null ? (bare?.[0] as string) : (quoted[1] as string).replace(/\\([\s\S])/g, "$1");
    const condition = { field, op, value };
    checkCondition(condition, { start, end: at });
    conditions.push(condition);
  }
}

/** @throws usage/invalid-argument where the field is unknown, or cannot be compared in this way or with this value. */
export function checkCondition({ field, op, value }: Condition, span: Span | undefined = undefined): void {
  const known = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
  if (known === undefined) throw invalid(`There is no field “${field}”`, `Fields are ${Object.keys(FIELDS).join(", ")}.`, span);
  if (!OPERATORS[known.kind].includes(op))
    throw invalid(`“${field}” cannot be compared by ${op}`, `It takes ${OPERATORS[known.kind].join(" ")}.`, span);
  const wanted = wantedValue(known.kind, value);
  if (wanted !== null) throw invalid(`“${field}” cannot be “${excerpt(value)}”`, `It is ${wanted}.`, span);
}

/** What a field's value has to be, or null where the given one fits. */
function wantedValue(kind: Kind, value: string): string | null {
  switch (kind) {
    case "number":
      return value.trim() !== "" && Number.isFinite(Number(value)) ? null : "a number";
    case "time":
      // biome-ignore lint/style/noRestrictedGlobals: Reading a given time asks no clock.
      return Number.isNaN(Date.parse(value)) ? "a time such as 2026-11-22 or 2026-11-22T08:30:00Z" : null;
    case "flag":
      return value === "true" || value === "false" ? null : "true or false";
    case "verdict":
      return Object.hasOwn(VERDICT_VALUES, value) ? null : "pass, fail or unknown";
    case "label":
      return Object.hasOwn(LABEL_VALUES, value) ? null : "keep, reject or none";
    case "kind":
      return value === "seed" || value === "problem" ? null : "seed or problem";
    case "id":
    case "seed":
      return /^[0-9a-f]{1,64}$/.test(value) ? null : "the beginning of an id: digits and a to f";
    default:
      return null;
  }
}

interface Span {
  start: number;
  end: number;
}

const FLAGS: ReadonlySet<string> = new Set(Object.keys(FIELDS).filter((field) => FIELDS[field]?.kind === "flag"));

const invalid = (message: string, remedy: string, span?: Span): AppError =>
  fail("usage/invalid-argument", message, { remedy, ...(span === undefined ? {} : { data: { ...span } }) });

const excerpt = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
