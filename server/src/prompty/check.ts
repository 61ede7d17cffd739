import type { Span } from "#protocol/template.ts";
import { didYouMean, distance, nearest, quoted } from "../words/suggest.ts";
import { type Expr, type Node, walkExpr } from "./ast.ts";
import { FILTERS } from "./filters.ts";
import type { Token } from "./lexer.ts";
import type { Report } from "./report.ts";
import { endsWithColon, MARKER_ROLES, splitMarker } from "./roles.ts";

const FILTER_NAMES = [...FILTERS.keys()];

/**
 * Finds what a tree can get wrong beyond its grammar: unknown filters, wrong numbers of arguments, and names that are no
 * declared input. A template that declares no inputs at all takes any.
 */
export function checkNodes(nodes: readonly Node[], inputs: readonly string[], report: Report): void {
  const declared = new Set(inputs);
  const names = (expr: Expr, local: readonly string[]): void =>
    walkExpr(expr, (part) => {
      if (part.kind === "filter") checkFilter(part, report);
      if (part.kind !== "var" || declared.size === 0 || declared.has(part.root) || local.includes(part.root)) return;
      if (report.full("warning")) return;
      const remedy = didYouMean(part.root, [...inputs, ...local], "Declare it under “inputs”, or correct the name.");
      report.warning(part.rootSpan, `${quoted(part.root)} is not declared under “inputs”`, remedy);
    });
  const walk = (list: readonly Node[], local: readonly string[]): void => {
    for (const node of list) {
      if (node.kind === "interp") names(node.expr, local);
      if (node.kind === "if") {
        for (const { test, body } of node.branches) {
          names(test, local);
          walk(body, local);
        }
        if (node.elseBody !== null) walk(node.elseBody, local);
      }
      if (node.kind === "for") {
        names(node.seq, local);
        walk(node.body, [...local, node.loopVar, "loop"]);
      }
    }
  };
  walk(nodes, []);
}

function checkFilter(filter: Expr & { kind: "filter" }, report: Report): void {
  const known = FILTERS.get(filter.name);
  if (known === undefined) {
    const remedy = didYouMean(filter.name, FILTER_NAMES, `Filters are ${FILTER_NAMES.join(", ")}.`);
    report.error(filter.nameSpan, `There is no filter ${quoted(filter.name)}`, remedy);
    return;
  }
  const [least, most] = known.args;
  if (filter.args.length >= least && filter.args.length <= most) return;
  const count = least === most ? String(least) : `${least} or ${most}`;
  const message = `The filter “${filter.name}” takes ${count} argument${count === "1" ? "" : "s"}, not ${filter.args.length}`;
  report.error(filter.span, message, `Write it as in {{ value | ${known.usage} }}.`);
}

/** Words that other template formats use for a role. */
const FOREIGN_ROLES: Record<string, string | undefined> = {
  human: "user",
  ai: "assistant",
  bot: "assistant",
  model: "assistant",
  gpt: "assistant",
};

/**
 * Finds lines that were probably meant as role markers and are none. Such a line would silently become text of the message
 * before it, or of a system message. `completion` templates have no messages: there, a real marker is what surprises.
 */
export function checkRoles(source: string, tokens: readonly Token[], completion: boolean, report: Report): void {
  const bodyEnd = tokens.at(-1)?.end ?? 0;
  let token = 0;
  let paragraph = true;
  let begun = false;
  for (let start = tokens[0]?.start ?? 0; start < bodyEnd && !report.full("warning"); ) {
    const newline = source.indexOf("\n", start);
    const end = newline === -1 || newline > bodyEnd ? bodyEnd : newline;
    const split = end - start <= 200 && endsWithColon(source, start, end) ? splitMarker(source.slice(start, end)) : null;
    const lone = paragraph && split !== null && /^[a-z]+:[ \t\r]*$/.test(source.slice(start, end));
    const problem: RoleProblem | null =
      split === null ? null : roleProblem(split.word, { likely: lone || split.attributes !== null, begun, completion });
    if (split !== null && problem !== null) {
      while ((tokens[token]?.end ?? bodyEnd) <= start) token++;
      const { kind, end: tokenEnd } = tokens[token] as Token;
      const at = source.indexOf(split.word, start);
      if (kind === "text" && tokenEnd >= end) report.warning({ start: at, end: at + split.word.length }, problem.message, problem.remedy);
    }
    paragraph = isBlankLine(source, start, end);
    begun ||= split !== null && problem === null && isRole(split.word);
    start = end + 1;
  }
}

function isBlankLine(source: string, start: number, end: number): boolean {
  let at = start;
  while (at < end && " \t\r".includes(source.charAt(at))) at++;
  return at === end;
}

const isRole = (word: string): boolean => (MARKER_ROLES as readonly string[]).includes(word.toLowerCase());

interface RoleProblem {
  message: string;
  remedy: string;
}

interface MarkerLine {
  /** Whether the line looks like a marker whatever its word: it has attributes, or its word stands alone where a message could begin. */
  likely: boolean;
  /** Whether a message has begun before it. */
  begun: boolean;
  completion: boolean;
}

function roleProblem(word: string, { likely, begun, completion }: MarkerLine): RoleProblem | null {
  const role = word.toLowerCase();
  if (isRole(role))
    return completion
      ? {
          message: `“${word}:” stays text, because a completion has no messages`,
          remedy: "Remove “completion: true”, or write the prompt without roles.",
        }
      : null;
  if (completion) return null;
  const meant = FOREIGN_ROLES[role] ?? MARKER_ROLES.find((known) => isSlip(role, known)) ?? null;
  if (meant === null && role !== "tool" && role !== "function" && !likely) return null;
  const near = meant ?? nearest(role, MARKER_ROLES);
  return {
    message: `${quoted(`${word}:`)} is no role, so the line ${begun ? "stays text of the message before it" : "becomes text of a system message"}`,
    remedy: `${near === null ? "" : `Did you mean “${near}:”? `}Roles are ${MARKER_ROLES.join(", ")}.`,
  };
}

/** A slip of one key, or of two in a long word; plurals such as “Users:” are words of their own. */
function isSlip(word: string, role: string): boolean {
  if (word === `${role}s`) return false;
  return distance(word, role) <= (role.length > 5 ? 2 : 1);
}

/** Role markers whose attributes hold a value: such a line is text, because a value must not decide about a message. */
export function checkMarkerValues(source: string, body: Span, report: Report): void {
  const pattern = /^[ \t]*#?[ \t]*(?:system|developer|user|assistant)[ \t]*\[[^\]\n{]*(\{\{)/gim;
  pattern.lastIndex = body.start;
  for (let match = pattern.exec(source); match !== null && match.index < body.end; match = pattern.exec(source)) {
    const start = match.index + match[0].length - 2;
    report.warning(
      { start, end: start + 2 },
      "A role marker with a value in it stays text",
      "Write the attribute's value out, or put it into the message.",
    );
    if (report.full("warning")) return;
  }
}
