import type { Span } from "#protocol/template.ts";

/** The tree of a template's body: the kinds of the specification's AST, each with its span in the source. */
export type Node = TextNode | InterpolationNode | ForNode | IfNode | BrokenNode;

export interface TextNode {
  kind: "text";
  /** The text as it is rendered: trim markers applied, line endings as `\n`. */
  value: string;
  span: Span;
}

export interface InterpolationNode {
  kind: "interp";
  expr: Expr;
  /** The whole tag with its braces. */
  span: Span;
}

export interface ForNode {
  kind: "for";
  loopVar: string;
  loopVarSpan: Span;
  seq: Expr;
  body: Node[];
  open: Span;
  span: Span;
}

export interface IfNode {
  kind: "if";
  branches: Branch[];
  elseBody: Node[] | null;
  open: Span;
  span: Span;
}

export interface Branch {
  test: Expr;
  body: Node[];
}

/** A tag that could not be understood; a diagnostic tells why. It renders as its own source text, so that nothing vanishes silently. */
export interface BrokenNode {
  kind: "broken";
  span: Span;
}

export type Scalar = string | number | boolean | null;
export type BinaryOperator = "and" | "or" | "in" | "==" | "!=" | "<" | ">" | "<=" | ">=";

export type Expr =
  | { kind: "var"; root: string; rootSpan: Span; path: PathSegment[]; span: Span }
  | { kind: "lit"; value: Scalar; span: Span }
  | { kind: "filter"; name: string; nameSpan: Span; input: Expr; args: Expr[]; span: Span }
  | { kind: "unary"; operator: "not"; operand: Expr; span: Span }
  | { kind: "binary"; operator: BinaryOperator; left: Expr; right: Expr; span: Span };

export type PathSegment = { kind: "attr"; name: string; span: Span } | { kind: "index"; expr: Expr; span: Span };

/** Calls `visit` for an expression and everything inside it, from left to right. */
export function walkExpr(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr);
  switch (expr.kind) {
    case "var":
      for (const segment of expr.path) if (segment.kind === "index") walkExpr(segment.expr, visit);
      break;
    case "filter":
      walkExpr(expr.input, visit);
      for (const arg of expr.args) walkExpr(arg, visit);
      break;
    case "unary":
      walkExpr(expr.operand, visit);
      break;
    case "binary":
      walkExpr(expr.left, visit);
      walkExpr(expr.right, visit);
      break;
    case "lit":
      break;
  }
}
