import type { Condition } from "#protocol/corpus.ts";
import type { Bind } from "../store/sql.ts";
import { FIELDS, VERDICT_VALUES } from "./fields.ts";
import { checkCondition } from "./where.ts";

/** Conditions as SQL over `row` and `body`. */
export interface Filter {
  /** Each one a boolean expression; values are bound. */
  terms: string[];
  params: Bind[];
  /** Whether `body` is read. */
  body: boolean;
}

/** Turns conditions into SQL. Absent values (no stage, no tokens) are different from any value and fit no other comparison. */
export function filterOf(where: Condition[]): Filter {
  const filter: Filter = { terms: [], params: [], body: false };
  for (const condition of where) {
    checkCondition(condition);
    const [term, ...params] = termOf(condition);
    filter.terms.push(term);
    filter.params.push(...params);
    if (FIELDS[condition.field]?.column.startsWith("body.") === true) filter.body = true;
  }
  return filter;
}

function termOf({ field, op, value }: Condition): [string, ...Bind[]] {
  const { kind, column: plain } = FIELDS[field] as (typeof FIELDS)[string];
  // The sort decides which index is read; a plus keeps a condition from suggesting another one. Only ids are worth their own.
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
