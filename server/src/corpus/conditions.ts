import type { Condition } from "#protocol/corpus.ts";
import type { Bind } from "../store/sql.ts";
import { FIELDS, isFacet, LABEL_VALUES, SORTED, VERDICT_VALUES } from "./fields.ts";
import { checkCondition } from "./where.ts";

/** Boolean expressions that must all hold, with the values bound in them. */
export interface Terms {
  terms: string[];
  params: Bind[];
}

/** Conditions as SQL. */
export interface Filter {
  /** Over `tally`: what the facets decide. */
  facets: Terms;
  /** Over `row` and `body`: everything else. */
  others: Terms;
  /** Whether `body` is read. */
  body: boolean;
  /** Whether a sort index decides everything. */
  covered: boolean;
}

/**
 * Turns conditions into SQL; of several `=` on one field any one is enough. Absent values (no stage, no tokens) are different from any
 * value and fit no other comparison.
 */
export function filterOf(where: Condition[]): Filter {
  const filter: Filter = { facets: { terms: [], params: [] }, others: { terms: [], params: [] }, body: false, covered: true };
  const groups = new Map<string, Condition[]>();
  for (const [at, condition] of where.entries()) {
    checkCondition(condition);
    const key = condition.op === "=" ? condition.field : `${at}`;
    groups.set(key, [...(groups.get(key) ?? []), condition]);
  }
  for (const conditions of groups.values()) {
    const { field } = conditions[0] as Condition;
    const { terms, params } = isFacet(field) ? filter.facets : filter.others;
    const any: string[] = [];
    for (const condition of conditions) {
      const [term, ...bound] = termOf(condition);
      any.push(term);
      params.push(...bound);
    }
    terms.push(any.length === 1 ? (any[0] as string) : `(${any.join(" OR ")})`);
    if (FIELDS[field]?.column.startsWith("body.") === true) filter.body = true;
    if (!isFacet(field) && !SORTED.has(field)) filter.covered = false;
  }
  return filter;
}

/** A filter's terms for the rows of a dataset. */
export function rowTerms(dataset: number, { facets, others }: Filter): Terms {
  if (facets.terms.length === 0) return others;
  // The sort decides which index is read; a plus keeps a condition from suggesting another one.
  const fitting = `+row.tally IN (SELECT n FROM tally WHERE tally.dataset = ? AND ${facets.terms.join(" AND ")})`;
  return { terms: [fitting, ...others.terms], params: [dataset, ...facets.params, ...others.params] };
}

function termOf({ field, op, value }: Condition): [string, ...Bind[]] {
  const { kind, column: plain } = FIELDS[field] as (typeof FIELDS)[string];
  // Only ids are worth an index of their own.
  const column = kind === "id" ? plain : `+${plain}`;
  const not = op === "!=" ? "NOT " : "";
  const is = op === "!=" ? "IS NOT" : "IS";
  switch (kind) {
    case "text":
      return op === "~" ? [`${column} LIKE ? ESCAPE '\\'`, contains(value)] : [`${column} ${is} ?`, value];
    case "flag":
      return [`${column} ${is} ?`, value === "true" ? 1 : 0];
    case "verdict":
      return [`${column} ${is} ?`, VERDICT_VALUES[value] as number];
    case "label":
      return [`${column} ${is} ?`, LABEL_VALUES[value] as number | null];
    case "kind":
      return [`${column} ${is} ?`, value === "seed" ? 0 : 1];
    case "id":
      return [`${not}(${column} >= ? AND ${column} < ?)`, value, after(value)];
    case "seed":
      return [
        `${not}coalesce(${column} IN (SELECT response.n FROM response JOIN request ON request.n = response.request
         WHERE request.seed >= ? AND request.seed < ?), 0)`,
        value,
        after(value),
      ];
    case "template": {
      const matching = `SELECT n FROM template WHERE path = ? OR path LIKE ? ESCAPE '\\' OR path LIKE ? ESCAPE '\\'`;
      const ending = `%/${escapeLike(value)}`;
      const params: Bind[] = op === "~" ? [value, contains(value), contains(value)] : [value, ending, `${ending}.prompty`];
      return [`${not}coalesce(${column} IN (${matching}), 0)`, ...params];
    }
    case "number":
    case "time": {
      const number = kind === "time" ? Date.parse(value) : Number(value);
      const known = field === "tokens" ? `${column} >= 0 AND ` : "";
      return op === "!=" ? [`${column} IS NOT ?`, number] : [`(${known}${column} ${op} ?)`, number];
    }
  }
}

/** The least text that is greater than all that begin with an id's digits. */
const after = (digits: string): string => `${digits}g`;

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, "\\$&");
const contains = (text: string): string => `%${escapeLike(text)}%`;
