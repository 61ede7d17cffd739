import type { Span } from "#protocol/template.ts";
import type { BinaryOperator, Expr } from "./ast.ts";
import { FILTERS } from "./filters.ts";
import { describe, equal, isMap, isNothing, member, stringify, truthy, type Value } from "./values.ts";

/** What an expression sees: the variables of the loops around it, then the inputs. */
export interface Scope {
  inputs: Record<string, Value>;
  loop: LoopVariable | null;
}

export interface LoopVariable {
  name: string;
  value: Value;
  /** The input that the loop goes through, null for `loop` itself. */
  origin: string | null;
  outer: LoopVariable | null;
}

/** Told of every use that cannot work; the expression then has no value. */
export type Misuse = (span: Span, message: string, remedy: string) => void;

export function findLoopVariable(scope: Scope, name: string): LoopVariable | null {
  for (let variable = scope.loop; variable !== null; variable = variable.outer) if (variable.name === name) return variable;
  return null;
}

/** The value of an expression; undefined where a lookup finds nothing. Never throws. */
export function evaluate(expr: Expr, scope: Scope, misuse: Misuse): Value {
  switch (expr.kind) {
    case "lit":
      return expr.value;
    case "var": {
      const variable = findLoopVariable(scope, expr.root);
      let value = variable === null ? member(scope.inputs, expr.root) : variable.value;
      for (const segment of expr.path)
        value = member(value, segment.kind === "attr" ? segment.name : evaluate(segment.expr, scope, misuse));
      return value;
    }
    case "unary":
      return !truthy(evaluate(expr.operand, scope, misuse));
    case "filter": {
      const filter = FILTERS.get(expr.name);
      const input = evaluate(expr.input, scope, misuse);
      // An unknown filter or a wrong number of arguments was reported when the template was parsed.
      if (filter === undefined) return input;
      const args = expr.args.map((arg) => evaluate(arg, scope, misuse));
      const result = filter.apply(input, args);
      if ("value" in result) return result.value;
      misuse(expr.nameSpan, `The filter “${expr.name}” cannot work here: ${result.misuse}`, `Use it as in {{ value | ${filter.usage} }}.`);
      // Null, not undefined: this was reported, so the place need not be called empty as well.
      return null;
    }
    case "binary":
      return operate(expr.operator, expr, scope, misuse);
  }
}

function operate(operator: BinaryOperator, expr: Expr & { kind: "binary" }, scope: Scope, misuse: Misuse): Value {
  const left = evaluate(expr.left, scope, misuse);
  // As in the reference engine, `and` and `or` give the operand that decided.
  if (operator === "and") return truthy(left) ? evaluate(expr.right, scope, misuse) : left;
  if (operator === "or") return truthy(left) ? left : evaluate(expr.right, scope, misuse);
  const right = evaluate(expr.right, scope, misuse);
  if (operator === "==") return equal(left, right);
  if (operator === "!=") return !equal(left, right);
  if (operator === "in") {
    if (Array.isArray(right)) return right.some((item) => equal(item, left));
    if (isMap(right)) return typeof left === "string" && Object.hasOwn(right, left);
    if (typeof right === "string") return !isNothing(left) && right.includes(stringify(left));
    if (!isNothing(right)) misuse(expr.span, `“in” needs a list, a map or text on its right, not ${describe(right)}`, "Compare with “==”.");
    return false;
  }
  const order = compare(left, right);
  if (order === null) {
    misuse(
      expr.span,
      `“${operator}” cannot compare ${describe(left)} with ${describe(right)}`,
      "Compare numbers with numbers and text with text; check the inputs' kinds.",
    );
    return false;
  }
  return operator === "<" ? order < 0 : operator === ">" ? order > 0 : operator === "<=" ? order <= 0 : order >= 0;
}

function compare(a: Value, b: Value): number | null {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return null;
}
