import { type Expr, type Node, walkExpr } from "../prompty/ast.ts";
import { createPositions } from "../prompty/positions.ts";
import { parseTemplate } from "../prompty/template.ts";

/** The input by which a seed's text enters a template. */
const SEED_INPUT = "text";

/** The line (from 1) of the first expression of a template that puts the seed's text in; null where none does. */
export function seedLine(source: string): number | null {
  const at = firstUse(parseTemplate(source).nodes);
  return at === null ? null : createPositions(source)(at).line;
}

function firstUse(nodes: Node[]): number | null {
  for (const node of nodes) {
    const at = useIn(node);
    if (at !== null) return at;
  }
  return null;
}

/** A test whether there is a text is no use of it: only what is rendered counts. */
function useIn(node: Node): number | null {
  switch (node.kind) {
    case "interp":
      return usesSeed(node.expr) ? node.span.start : null;
    case "for":
      return usesSeed(node.seq) ? node.open.start : firstUse(node.body);
    case "if":
      return firstUse([...node.branches.flatMap((branch) => branch.body), ...(node.elseBody ?? [])]);
    default:
      return null;
  }
}

function usesSeed(expr: Expr): boolean {
  let found = false;
  walkExpr(expr, (part) => {
    if (part.kind === "var" && part.root === SEED_INPUT) found = true;
  });
  return found;
}
