import { fail } from "#protocol/errors.ts";
import type { Diagnostic, Message, Segment, Span } from "#protocol/template.ts";
import { type Expr, type Node, walkExpr } from "./ast.ts";
import { evaluate, findLoopVariable, type LoopVariable, type Scope } from "./evaluate.ts";
import { checkInputs } from "./inputs.ts";
import { assemble } from "./messages.ts";
import type { Piece } from "./pieces.ts";
import { createPositions, placeOf } from "./positions.ts";
import { isRich, type Property } from "./property.ts";
import { createReport, type Report } from "./report.ts";
import { forgesMarker } from "./roles.ts";
import type { Template } from "./template.ts";
import { placeholder } from "./thread.ts";
import { describe, isMap, isNothing, stringify, truthy, type Value } from "./values.ts";

/** Most nodes that one rendering passes through, and most characters that it writes: nested loops over long lists end here. */
export const RENDER_MAX_STEPS = 1_000_000;
export const RENDER_MAX_CHARACTERS = 64 * 1024 * 1024;

export interface Rendered {
  text: string;
  /** Put together, their texts are `text`. */
  segments: Segment[];
  /** Empty for a completion, whose prompt is `text`. */
  messages: Message[];
  /** What went wrong with these inputs; with an error, the rendering may be shown but must not be sent. */
  diagnostics: Diagnostic[];
}

interface Rendering {
  template: Template;
  declared: Map<string, Property>;
  pieces: Piece[];
  report: Report;
  steps: number;
  characters: number;
  stopped: boolean;
  /** Offsets whose finding was reported: a loop would repeat it. */
  reported: Set<number>;
}

/**
 * Renders a template with inputs: checks and defaults first, then text, segments and messages. The same arguments give the
 * same result. Throws `template/strict-violation` where a strict input's value looks like a role marker; everything else
 * that is wrong is a diagnostic.
 */
export function render(template: Template, inputs: Record<string, Value>): Rendered {
  const { problems, inputs: checked } = checkInputs(template, inputs);
  const { pieces, diagnostics } = renderPieces(template, checked);
  const all = [...problems, ...diagnostics];
  if (!template.profile.completion) return { ...assemble(template.source, pieces), diagnostics: all };
  const segments = pieces.map(({ rich: _, ...segment }) => segment);
  return { text: segments.map(({ text }) => text).join(""), segments, messages: [], diagnostics: all };
}

/** The pieces of a rendering before they are split into messages: one per text or tag of the template. Inputs are taken as they are. */
export function renderPieces(template: Template, inputs: Record<string, Value>): { pieces: Piece[]; diagnostics: Diagnostic[] } {
  const rendering: Rendering = {
    template,
    declared: new Map(template.inputs.map((property) => [property.name, property])),
    pieces: [],
    report: createReport(template.source),
    steps: 0,
    characters: 0,
    stopped: false,
    reported: new Set(),
  };
  renderNodes(template.nodes, { inputs, loop: null }, rendering);
  return { pieces: rendering.pieces, diagnostics: rendering.report.diagnostics() };
}

function renderNodes(nodes: readonly Node[], scope: Scope, rendering: Rendering): void {
  for (const node of nodes) {
    if (!spend(rendering, node.span)) return;
    switch (node.kind) {
      case "text":
        write(rendering, "literal", node.value, node.span);
        break;
      case "broken":
        write(rendering, "literal", rendering.template.source.slice(node.span.start, node.span.end), node.span);
        break;
      case "interp":
        renderValue(node.expr, node.span, scope, rendering);
        break;
      case "if": {
        const branch = node.branches.find(({ test }) => truthy(evaluated(test, scope, rendering)));
        renderNodes(branch?.body ?? node.elseBody ?? [], scope, rendering);
        break;
      }
      case "for":
        renderLoop(node, scope, rendering);
        break;
    }
  }
}

function spend(rendering: Rendering, span: Span): boolean {
  if (rendering.stopped) return false;
  if (rendering.steps++ < RENDER_MAX_STEPS && rendering.characters <= RENDER_MAX_CHARACTERS) return true;
  rendering.stopped = true;
  rendering.report.error(span, "The rendering was stopped because it became too large", "Loop over shorter lists.", "template/too-large");
  return false;
}

function write(rendering: Rendering, kind: "literal" | "interp", text: string, span: Span, more: Partial<Piece> = {}): void {
  rendering.characters += text.length;
  rendering.pieces.push({ kind, text, source: null, strict: false, span, message: -1, rich: null, ...more });
}

function complain(rendering: Rendering, severity: "error" | "warning", span: Span, message: string, remedy: string): void {
  if (rendering.reported.has(span.start)) return;
  rendering.reported.add(span.start);
  rendering.report[severity](span, message, remedy, "template/invalid-input");
}

function evaluated(expr: Expr, scope: Scope, rendering: Rendering): Value {
  return evaluate(expr, scope, (span, message, remedy) => complain(rendering, "error", span, message, remedy));
}

/** The inputs that an expression reads, loop variables traced back to what they go through; the first one leads. */
function sourcesOf(expr: Expr, scope: Scope): string[] {
  const names: string[] = [];
  walkExpr(expr, (part) => {
    if (part.kind !== "var") return;
    const variable = findLoopVariable(scope, part.root);
    const name = variable === null ? part.root : variable.origin;
    if (name !== null) names.push(name);
  });
  return names;
}

function renderValue(expr: Expr, span: Span, scope: Scope, rendering: Rendering): void {
  const sources = sourcesOf(expr, scope);
  const source = sources[0] ?? null;
  const kind = expr.kind === "var" && expr.path.length === 0 && source === expr.root ? rendering.declared.get(source)?.kind : undefined;
  const value = evaluated(expr, scope, rendering);
  if (source !== null && kind !== undefined && isRich(kind) && !isNothing(value)) {
    write(rendering, "interp", placeholder(source), span, { source, rich: { kind, value } });
    return;
  }
  if (value === undefined) warnUndefined(expr, source, rendering);
  const text = stringify(value);
  const strict = sources.some((name) => rendering.declared.get(name)?.strict ?? rendering.template.strict);
  if (strict && forgesMarker(text)) throw strictViolation(rendering.template, source, span);
  write(rendering, "interp", text, span, { source, strict });
}

/** An input that is declared as optional may be absent; any other name without a value is probably a slip. */
function warnUndefined(expr: Expr, source: string | null, rendering: Rendering): void {
  if (expr.kind === "var" && expr.path.length === 0 && source !== null && rendering.declared.has(source)) return;
  const shown = rendering.template.source.slice(expr.span.start, expr.span.end).slice(0, 60);
  complain(
    rendering,
    "warning",
    expr.span,
    `“${shown}” has no value and renders as nothing`,
    'Give the input, or write {{ … | default("…") }}.',
  );
}

function strictViolation(template: Template, source: string | null, span: Span): Error {
  return fail("template/strict-violation", `The value of the strict input “${source}” holds a line that looks like a role marker`, {
    where: placeOf(createPositions(template.source), span),
    remedy: "Look at the value; if it is harmless, remove “strict: true” from the input: it then stays text.",
    data: { input: source },
  });
}

function renderLoop(node: Node & { kind: "for" }, scope: Scope, rendering: Rendering): void {
  const items = itemsOf(evaluated(node.seq, scope, rendering), node.seq, rendering);
  const origin = sourcesOf(node.seq, scope)[0] ?? null;
  for (const [index, value] of items.entries()) {
    if (!spend(rendering, node.span)) return;
    const loop = { index: index + 1, index0: index, first: index === 0, last: index === items.length - 1, length: items.length };
    const helper: LoopVariable = { name: "loop", value: loop, origin: null, outer: scope.loop };
    renderNodes(node.body, { inputs: scope.inputs, loop: { name: node.loopVar, value, origin, outer: helper } }, rendering);
  }
}

/** A list gives its items, a map its keys in their order. Text is refused: a loop over its letters is never meant. */
function itemsOf(value: Value, seq: Expr, rendering: Rendering): Value[] {
  if (Array.isArray(value)) return value;
  if (isMap(value)) return Object.keys(value);
  if (value === undefined && seq.kind === "var") warnUndefined(seq, seq.root, rendering);
  if (!isNothing(value)) complain(rendering, "error", seq.span, `A loop needs a list or a map, not ${describe(value)}`, "Give a list.");
  return [];
}
