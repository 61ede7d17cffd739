import type { Span } from "#protocol/template.ts";
import { didYouMean, quoted } from "../words/suggest.ts";
import type { Expr, ForNode, IfNode, Node } from "./ast.ts";
import { parseExpression, parseLoopHead } from "./expression.ts";
import { CLOSERS, type Token } from "./lexer.ts";
import type { Report } from "./report.ts";
import { readWord, type Word } from "./words.ts";

/** Deeper blocks are refused, because rendering recurses. */
export const MAX_BLOCK_DEPTH = 100;

const TAGS = ["if", "elif", "else", "endif", "for", "endfor"] as const;
const ONLY_TAGS = "Known tags are {% if %}, {% elif %}, {% else %}, {% endif %}, {% for … in … %} and {% endfor %}.";

/** An open block; the innermost is the last of the stack. The stack stands in for recursion, so no text can overflow it. */
interface Open {
  kind: "root" | "if" | "for";
  node: IfNode | ForNode | null;
  /** Where the nodes that follow belong. */
  body: Node[];
  tag: Span;
  elseSeen: boolean;
}

interface Parser {
  source: string;
  report: Report;
  stack: Open[];
  /** Blocks inside the one that was too deep. */
  dropped: number;
}

const UNKNOWN: Expr = { kind: "lit", value: null, span: { start: 0, end: 0 } };

/** Builds the tree of a body from its tokens. Whatever is wrong goes to `report`; the tree is the best that can be made of the rest. */
export function parseBody(source: string, tokens: Token[], report: Report): Node[] {
  const nodes: Node[] = [];
  const parser: Parser = {
    source,
    report,
    stack: [{ kind: "root", node: null, body: nodes, tag: { start: 0, end: 0 }, elseSeen: false }],
    dropped: 0,
  };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    if (token.kind === "text") addText(parser, token, tokens[i - 1]?.trimAfter === true, tokens[i + 1]?.trimBefore === true);
    else if (!token.closed) addUnclosed(parser, token);
    else if (token.kind === "expression") addInterpolation(parser, token);
    else if (token.kind === "statement") addStatement(parser, token);
  }
  const end = tokens.at(-1)?.end ?? 0;
  while (parser.stack.length > 1) closeUnfinished(parser, end);
  return nodes;
}

function top(parser: Parser): Open {
  return parser.stack.at(-1) as Open;
}

function add(parser: Parser, node: Node): void {
  if (parser.dropped === 0) top(parser).body.push(node);
}

function addText(parser: Parser, token: Token, trimStart: boolean, trimEnd: boolean): void {
  let { start, end } = token;
  if (trimStart) while (start < end && isTrimmed(parser.source, start)) start++;
  if (trimEnd) while (end > start && isTrimmed(parser.source, end - 1)) end--;
  if (start === end) return;
  const text = parser.source.slice(start, end);
  add(parser, { kind: "text", value: text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text, span: { start, end } });
}

/** Trim markers remove these four and no other white space (grammar, section 2). */
function isTrimmed(source: string, at: number): boolean {
  return " \t\r\n".includes(source.charAt(at));
}

function addUnclosed(parser: Parser, token: Token): void {
  const span = { start: token.start, end: token.end };
  const closer = CLOSERS[token.kind as "expression"];
  const opener = parser.source.slice(token.start, token.start + 2);
  parser.report.error(
    span,
    `The tag ${quoted(opener)} is not closed`,
    `Close it with ${quoted(closer)}${token.kind === "comment" ? "" : ", or write the braces in quotes if they are meant as text"}.`,
  );
  if (token.kind !== "comment") add(parser, { kind: "broken", span });
}

function addInterpolation(parser: Parser, token: Token): void {
  const span = { start: token.start, end: token.end };
  if (readWord(parser.source, token.inner.start, token.inner.end).kind === "end") {
    parser.report.error(span, "The tag is empty", "Write the name of an input between the braces.");
    add(parser, { kind: "broken", span });
    return;
  }
  const { expr } = parseExpression(parser.source, token.inner, parser.report);
  add(parser, expr === null ? { kind: "broken", span } : { kind: "interp", expr, span });
}

function addStatement(parser: Parser, token: Token): void {
  const { source, report } = parser;
  const span = { start: token.start, end: token.end };
  const word = readWord(source, token.inner.start, token.inner.end);
  const rest = { start: word.end, end: token.inner.end };
  switch (word.kind === "name" ? word.text : "") {
    case "if":
    case "for":
      openBlock(parser, word.text as "if" | "for", span, rest);
      break;
    case "elif":
    case "else":
      addBranch(parser, word.text as "elif" | "else", span, rest);
      break;
    case "endif":
    case "endfor":
      expectNothing(parser, word, rest);
      closeBlock(parser, word.text === "endif" ? "if" : "for", span);
      break;
    default:
      if (word.kind === "end") report.error(span, "The tag is empty", ONLY_TAGS);
      else report.error(word, `There is no tag ${quoted(word.text)}`, didYouMean(word.text, TAGS, ONLY_TAGS));
      add(parser, { kind: "broken", span });
  }
}

function expectNothing(parser: Parser, word: Word, rest: Span): void {
  const extra = readWord(parser.source, rest.start, rest.end);
  if (extra.kind !== "end")
    parser.report.error({ start: extra.start, end: rest.end }, `Nothing may follow “${word.text}”`, "Remove the rest of the tag.");
}

function openBlock(parser: Parser, kind: "if" | "for", tag: Span, rest: Span): void {
  const { source, report, stack } = parser;
  if (parser.dropped > 0 || stack.length > MAX_BLOCK_DEPTH) {
    if (parser.dropped === 0)
      report.error(tag, `Blocks are nested more than ${MAX_BLOCK_DEPTH} deep`, "Take blocks apart, or give the finished text as an input.");
    parser.dropped++;
    return;
  }
  if (kind === "if") {
    const body: Node[] = [];
    const node: IfNode = { kind, branches: [{ test: condition(parser, tag, rest), body }], elseBody: null, open: tag, span: tag };
    add(parser, node);
    stack.push({ kind, node, body, tag, elseSeen: false });
    return;
  }
  const { name, expr } = parseLoopHead(source, rest, report);
  const loopVarSpan = name === null ? { start: rest.start, end: rest.start } : { start: name.start, end: name.end };
  const node: ForNode = { kind, loopVar: name?.text ?? "", loopVarSpan, seq: expr ?? UNKNOWN, body: [], open: tag, span: tag };
  add(parser, node);
  stack.push({ kind, node, body: node.body, tag, elseSeen: false });
}

function condition(parser: Parser, tag: Span, rest: Span): Expr {
  if (readWord(parser.source, rest.start, rest.end).kind !== "end")
    return parseExpression(parser.source, rest, parser.report).expr ?? UNKNOWN;
  parser.report.error(tag, "The condition is missing", "Write what decides, as in {% if hint %}.");
  return UNKNOWN;
}

function addBranch(parser: Parser, kind: "elif" | "else", tag: Span, rest: Span): void {
  if (parser.dropped > 0) return;
  const { report, stack } = parser;
  if (!stack.some((open) => open.kind === "if")) {
    const message = top(parser).kind === "for" ? `A loop has no “${kind}”` : `“${kind}” stands outside of an “if”`;
    report.error(tag, message, "Put {% if … %} before it, or remove the tag.");
    add(parser, { kind: "broken", span: tag });
    return;
  }
  while (top(parser).kind !== "if") closeUnfinished(parser, tag.start);
  const open = top(parser);
  const node = open.node as IfNode;
  if (open.elseSeen)
    report.error(tag, `“${kind}” stands after the “else” of its block`, "“else” is the last part of a block: move or remove one.");
  open.body = [];
  if (kind === "elif") node.branches.push({ test: condition(parser, tag, rest), body: open.body });
  else {
    expectNothing(parser, { kind: "name", text: "else", ...tag, closed: true }, rest);
    if (node.elseBody === null) node.elseBody = open.body;
    open.elseSeen = true;
  }
}

function closeBlock(parser: Parser, kind: "if" | "for", tag: Span): void {
  if (parser.dropped > 0) {
    parser.dropped--;
    return;
  }
  if (!parser.stack.some((open) => open.kind === kind)) {
    parser.report.error(tag, `“end${kind}” closes nothing`, `Put {% ${kind} … %} before it, or remove the tag.`);
    add(parser, { kind: "broken", span: tag });
    return;
  }
  while (top(parser).kind !== kind) closeUnfinished(parser, tag.start);
  const { node } = parser.stack.pop() as Open;
  if (node !== null) node.span = { start: node.open.start, end: tag.end };
}

/** Ends the innermost block where its end tag is missing, at `end`. */
function closeUnfinished(parser: Parser, end: number): void {
  const open = parser.stack.pop() as Open;
  if (open.node !== null) open.node.span = { start: open.tag.start, end: Math.max(end, open.tag.end) };
  parser.report.error(open.tag, `The block “${open.kind}” is not closed`, `Put {% end${open.kind} %} where it ends.`);
}
