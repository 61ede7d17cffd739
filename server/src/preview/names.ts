import { type Expr, type Node, walkExpr } from "../prompty/ast.ts";
import type { Template } from "../prompty/template.ts";

/** The names that a template's body reads, loop variables left out. `plain`: those that it only ever puts in as they are, as `{{ name }}`. */
export function namesRead(nodes: readonly Node[]): { all: Set<string>; plain: Set<string> } {
  const all = new Set<string>();
  const otherwise = new Set<string>();
  const read = (expr: Expr, local: readonly string[], shown: boolean): void => {
    const own = shown && expr.kind === "var" && expr.path.length === 0;
    walkExpr(expr, (part) => {
      if (part.kind !== "var" || local.includes(part.root)) return;
      all.add(part.root);
      if (!own) otherwise.add(part.root);
    });
  };
  const walk = (list: readonly Node[], local: readonly string[]): void => {
    for (const node of list) {
      if (node.kind === "interp") read(node.expr, local, true);
      if (node.kind === "if") {
        for (const { test, body } of node.branches) {
          read(test, local, false);
          walk(body, local);
        }
        walk(node.elseBody ?? [], local);
      }
      if (node.kind === "for") {
        read(node.seq, local, false);
        walk(node.body, [...local, node.loopVar, "loop"]);
      }
    }
  };
  walk(nodes, []);
  return { all, plain: new Set([...all].filter((name) => !otherwise.has(name))) };
}

/** Whether a template says nothing without values: it demands one, or reads one that has no default. */
export function needsValues(template: Template): boolean {
  const filled = new Set(template.inputs.filter((input) => input.default !== undefined).map(({ name }) => name));
  if (template.inputs.some(({ name, required }) => required && !filled.has(name))) return true;
  return [...namesRead(template.nodes).all].some((name) => !filled.has(name));
}
