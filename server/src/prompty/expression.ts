import type { Span } from "#protocol/template.ts";
import { quoted } from "../words/suggest.ts";
import type { BinaryOperator, Expr, PathSegment } from "./ast.ts";
import type { Report } from "./report.ts";
import { readWord, type Word } from "./words.ts";

/** Longer expressions are refused: the parser and the evaluator recurse, and a prompt needs no such thing. */
export const MAX_EXPRESSION_PARTS = 200;

/** Reads one expression word by word. After its first error it has `failed`: what was understood so far is kept, nothing more is reported. */
interface Reader {
  source: string;
  end: number;
  word: Word;
  parts: number;
  failed: boolean;
  report: Report;
}

export interface Parsed {
  /** What could be understood, null where that is nothing. */
  expr: Expr | null;
  /** Whether the whole range was one correct expression. */
  complete: boolean;
}

/** Parses `source[span)` as one expression; errors go to `report`. */
export function parseExpression(source: string, span: Span, report: Report): Parsed {
  const reader: Reader = { source, end: span.end, word: readWord(source, span.start, span.end), parts: 0, failed: false, report };
  const expr = parseOr(reader);
  if (!reader.failed && reader.word.kind !== "end") unexpected(reader, "Here the tag should end");
  return { expr, complete: !reader.failed && expr !== null };
}

/** Parses `name in sequence`, the head of a loop. */
export function parseLoopHead(source: string, span: Span, report: Report): Parsed & { name: Word | null } {
  const reader: Reader = { source, end: span.end, word: readWord(source, span.start, span.end), parts: 0, failed: false, report };
  const name = reader.word;
  if (name.kind !== "name") {
    unexpected(reader, "A loop begins with the name of its variable");
    return { name: null, expr: null, complete: false };
  }
  next(reader);
  if (!isName(reader, "in")) {
    unexpected(reader, `After “for ${name.text}” comes “in”`);
    return { name, expr: null, complete: false };
  }
  const rest = parseExpression(source, { start: reader.word.end, end: span.end }, report);
  return { name, ...rest };
}

function next(reader: Reader): void {
  reader.word = readWord(reader.source, reader.word.end, reader.end);
}

function isName(reader: Reader, text: string): boolean {
  return reader.word.kind === "name" && reader.word.text === text;
}

function isSymbol(reader: Reader, text: string): boolean {
  return reader.word.kind === "symbol" && reader.word.text === text;
}

function fails(reader: Reader, span: Span, message: string, remedy: string): null {
  if (!reader.failed) reader.report.error({ start: span.start, end: span.end }, message, remedy);
  reader.failed = true;
  return null;
}

function unexpected(reader: Reader, expected: string): null {
  const { word } = reader;
  if (word.kind === "end")
    return fails(reader, { start: word.start, end: word.end }, `${expected}, but the tag ends`, "Finish the expression.");
  if (word.kind === "string" && !word.closed)
    return fails(reader, word, "The quoted text is not closed", `Close it with ${reader.source.charAt(word.start)} before the tag ends.`);
  const found = word.kind === "string" ? reader.source.slice(word.start, word.end) : word.text;
  return fails(reader, word, `${expected}, not ${quoted(found)}`, hint(word));
}

function hint(word: Word): string {
  if (word.text === "is") return "Tests such as “is defined” do not exist here: write the value itself, an undefined one counts as false.";
  if (word.text === "if") return "Write {% if … %}…{% else %}…{% endif %} instead.";
  if ("+-*/%~".includes(word.text)) return "Expressions cannot calculate: give the finished value as an input.";
  if (word.text === "=") return "Compare with “==”.";
  if (word.text === "{" || word.text === "}") return 'To write braces as text, put them in quotes: {{ "{{" }}.';
  return "Remove it, or see the list of expressions: names, quoted text, numbers, comparisons, and/or/not/in, filters after “|”.";
}

/** Counts a part of the expression; false when there are too many. */
function grow(reader: Reader): boolean {
  reader.parts++;
  if (reader.parts > MAX_EXPRESSION_PARTS)
    fails(
      reader,
      reader.word,
      `The expression has more than ${MAX_EXPRESSION_PARTS} parts`,
      "Split it, or give the finished value as an input.",
    );
  return !reader.failed;
}

function binary(operator: BinaryOperator, left: Expr, right: Expr): Expr {
  return { kind: "binary", operator, left, right, span: { start: left.span.start, end: right.span.end } };
}

function parseOr(reader: Reader): Expr | null {
  let left = parseAnd(reader);
  while (left !== null && !reader.failed && isName(reader, "or")) {
    if (!grow(reader)) break;
    next(reader);
    const right = parseAnd(reader);
    if (right !== null) left = binary("or", left, right);
  }
  return left;
}

function parseAnd(reader: Reader): Expr | null {
  let left = parseNot(reader);
  while (left !== null && !reader.failed && isName(reader, "and")) {
    if (!grow(reader)) break;
    next(reader);
    const right = parseNot(reader);
    if (right !== null) left = binary("and", left, right);
  }
  return left;
}

function parseNot(reader: Reader): Expr | null {
  if (!isName(reader, "not")) return parseComparison(reader);
  const { start } = reader.word;
  if (!grow(reader)) return null;
  next(reader);
  const operand = parseNot(reader);
  return operand === null ? null : { kind: "unary", operator: "not", operand, span: { start, end: operand.span.end } };
}

const COMPARISONS = new Set(["==", "!=", "<", ">", "<=", ">="]);

function parseComparison(reader: Reader): Expr | null {
  const left = parseFiltered(reader);
  if (left === null || reader.failed) return left;
  const compares = reader.word.kind === "symbol" && COMPARISONS.has(reader.word.text);
  if (!compares && !isName(reader, "in")) return left;
  const operator = reader.word.text as BinaryOperator;
  if (!grow(reader)) return left;
  next(reader);
  const right = parseFiltered(reader);
  return right === null ? left : binary(operator, left, right);
}

function parseFiltered(reader: Reader): Expr | null {
  let input = parsePrimary(reader);
  while (input !== null && !reader.failed && isSymbol(reader, "|")) {
    if (!grow(reader)) break;
    next(reader);
    const name = reader.word;
    if (name.kind !== "name") {
      unexpected(reader, "After “|” comes the name of a filter");
      break;
    }
    next(reader);
    const args: Expr[] = [];
    let { end } = name;
    if (isSymbol(reader, "(")) end = parseArguments(reader, args);
    input = {
      kind: "filter",
      name: name.text,
      nameSpan: { start: name.start, end: name.end },
      input,
      args,
      span: { start: input.span.start, end },
    };
  }
  return input;
}

/** Reads `( a, b )` into `args` and returns where it ends. */
function parseArguments(reader: Reader, args: Expr[]): number {
  next(reader);
  while (!reader.failed && !isSymbol(reader, ")")) {
    if (!grow(reader)) break;
    const arg = parseOr(reader);
    if (arg !== null) args.push(arg);
    if (reader.failed || isSymbol(reader, ")")) break;
    if (!isSymbol(reader, ",")) unexpected(reader, "After an argument comes “,” or “)”");
    else next(reader);
  }
  const { end } = reader.word;
  if (!reader.failed) next(reader);
  return end;
}

const CONSTANTS: Record<string, boolean | null | undefined> = { true: true, false: false, null: null };
const RESERVED = new Set(["and", "or", "not", "in"]);

function parsePrimary(reader: Reader): Expr | null {
  const { word } = reader;
  const span = { start: word.start, end: word.end };
  if (!grow(reader)) return null;
  if (word.kind === "string" && word.closed) {
    next(reader);
    return { kind: "lit", value: word.text, span };
  }
  if (word.kind === "number") {
    next(reader);
    return { kind: "lit", value: Number(word.text), span };
  }
  if (isSymbol(reader, "(")) {
    next(reader);
    const inner = parseOr(reader);
    if (inner === null || reader.failed) return inner;
    if (!isSymbol(reader, ")")) {
      unexpected(reader, "Here the parenthesis should close");
      return inner;
    }
    next(reader);
    return inner;
  }
  if (word.kind !== "name" || RESERVED.has(word.text)) return unexpected(reader, "Here a value should stand");
  next(reader);
  if (Object.hasOwn(CONSTANTS, word.text)) return { kind: "lit", value: CONSTANTS[word.text] ?? null, span };
  return parsePath(reader, word);
}

function parsePath(reader: Reader, root: Word): Expr {
  const path: PathSegment[] = [];
  const rootSpan = { start: root.start, end: root.end };
  const finish = (): Expr => ({
    kind: "var",
    root: root.text,
    rootSpan,
    path,
    span: { start: root.start, end: path.at(-1)?.span.end ?? root.end },
  });
  while (!reader.failed && (isSymbol(reader, ".") || isSymbol(reader, "["))) {
    if (!grow(reader)) break;
    const { start } = reader.word;
    const indexed = isSymbol(reader, "[");
    next(reader);
    if (!indexed) {
      const { word } = reader;
      if (word.kind !== "name") {
        unexpected(reader, "After “.” comes the name of a member");
        break;
      }
      path.push({ kind: "attr", name: word.text, span: { start, end: word.end } });
    } else {
      const expr = parseOr(reader);
      if (expr === null || reader.failed) break;
      if (!isSymbol(reader, "]")) {
        unexpected(reader, "Here the bracket should close");
        break;
      }
      path.push({ kind: "index", expr, span: { start, end: reader.word.end } });
    }
    next(reader);
  }
  return finish();
}
