import type { ErrorCode } from "#protocol/errors.ts";
import type { ParseRule } from "#protocol/template.ts";
import { findAnswer } from "./answer.ts";
import { headingName } from "./headings.ts";
import { fieldText, findJson, recordsIn } from "./json-form.ts";
import { splitProgram } from "./program.ts";
import { repeatedTail } from "./repetition.ts";
import { type ReplyText, readReply } from "./reply-text.ts";
import { continuedPair, type Pair, sectionPairs } from "./sections.ts";

export interface ParsedProblem {
  problem: string;
  solution: string;
  /** As written in the solution, without its box; null where none was found, which is no failure of parsing. */
  answer: string | null;
}

/** Why a response holds no problem: `reason` in words for people, without a full stop at its end, `code` for programs. */
export interface ParseFailure {
  reason: string;
  code: ErrorCode;
}

export interface ParsedResponse {
  problems: ParsedProblem[];
  /** Present exactly when `problems` is empty. */
  failure: ParseFailure | null;
  /** The content as the model wrote it, without its reasoning. */
  raw: string;
  reasoning: string | null;
  finish: string | null;
}

/**
 * Turns the body of a response into problems by the template's rule. Never throws, whatever the body holds; a problem
 * whose solution was cut off is not returned. `url` is the request's: it tells chat from text completions.
 */
export function parseResponse(rule: ParseRule, body: Record<string, unknown>, url: string): ParsedResponse {
  const replies = readReply(body, url);
  const parsed = replies.map((reply) => parseReply(rule, reply));
  const problems = parsed.flatMap((one) => (Array.isArray(one) ? one : []));
  const failures = parsed.flatMap((one) => (Array.isArray(one) ? [] : [one]));
  const reasoning = replies.flatMap((reply) => reply.reasoning ?? []).join("\n\n");
  return {
    problems,
    failure: problems.length > 0 ? null : (failures[0] ?? { reason: "empty response: it has no choices", code: "model/empty" }),
    raw: replies.map((reply) => reply.content).join("\n\n"),
    reasoning: reasoning === "" ? null : reasoning,
    finish: replies[0]?.finish ?? null,
  };
}

function parseReply(rule: ParseRule, reply: ReplyText): ParsedProblem[] | ParseFailure {
  const { content, finish } = reply;
  if (reply.refusal !== null) return refused(reply.refusal);
  if (finish === "content_filter") return { reason: "filtered by the provider", code: "model/filtered" };
  const text = withoutOuterFence(content.replace(/\r\n?/g, "\n"));
  if (text.trim() === "") {
    if (finish !== "length") return { reason: "empty response", code: "model/empty" };
    const thinking = reply.reasoning === null ? "before the first word" : "while it was still reasoning";
    return { reason: `cut off by length ${thinking}`, code: "model/cut-off" };
  }
  const cut = finish === "length";
  const found = rule.form === "json" ? jsonPairs(rule, text, cut) : textPairs(rule, text, cut);
  if (Array.isArray(found)) return found;
  const tail = cut ? repeatedTail(text) : null;
  if (tail !== null)
    return { reason: `endless repetition of ${quote(tail.unit)} (${tail.times} times) until cut off by length`, code: "model/cut-off" };
  return soundsLikeRefusal(text) ? refused(text) : found;
}

function textPairs(rule: ParseRule, text: string, cut: boolean): ParsedProblem[] | ParseFailure {
  const pairs = rule.form === "continue" ? continuedPair(rule, text) : sectionPairs(rule, text);
  if (!Array.isArray(pairs)) {
    if (cut) return { reason: `cut off by length before the ${pairs.missing}`, code: "model/cut-off" };
    return { reason: `no heading “${pairs.missing === "problem" ? rule.problem : rule.solution}”`, code: "model/unparsed" };
  }
  return accept(rule, pairs, cut);
}

function jsonPairs(rule: ParseRule, text: string, cut: boolean): ParsedProblem[] | ParseFailure {
  const value = findJson(text);
  if (value === undefined) {
    if (!cut) return { reason: "no JSON object in the response", code: "model/not-json" };
    const begun = text.toLowerCase().includes(`"${headingName(rule.solution)}"`);
    return { reason: `cut off by length ${begun ? "in" : "before"} the solution`, code: "model/cut-off" };
  }
  const names = [headingName(rule.problem), headingName(rule.solution)] as const;
  const records = recordsIn(value).map((record) => ({
    problem: fieldText(record, names[0]),
    solution: fieldText(record, names[1]),
    answer: fieldText(record, "answer"),
  }));
  const pairs = records.flatMap(({ problem, solution, answer }) =>
    problem === null || solution === null ? [] : [{ problem, solution, answer, open: false }],
  );
  if (pairs.length > 0) return accept(rule, pairs, cut);
  const missing = records.some((record) => record.problem !== null) ? rule.solution : rule.problem;
  return { reason: `no field “${missing}” in the JSON object`, code: "model/unparsed" };
}

/** Keeps the pairs that are whole; where none is, the first one's defect is the failure. */
function accept(rule: ParseRule, pairs: Pair[], cut: boolean): ParsedProblem[] | ParseFailure {
  const failures: ParseFailure[] = [];
  const problems = pairs.flatMap((pair) => {
    const failure = defect(rule, pair, cut);
    if (failure !== null) {
      failures.push(failure);
      return [];
    }
    const { problem, solution } = pair;
    const given = rule.answer === "any" || rule.answer === "phrase" ? (pair.answer ?? null) : null;
    return [{ problem, solution, answer: findAnswer(solution, rule.answer) ?? given }];
  });
  return problems.length > 0 ? problems : (failures[0] ?? { reason: "empty response", code: "model/empty" });
}

function defect(rule: ParseRule, pair: Pair, cut: boolean): ParseFailure | null {
  const place = rule.form === "json" ? "in the field" : "under the heading";
  if (pair.problem === "") return { reason: `nothing ${place} “${rule.problem}”`, code: "model/unparsed" };
  if (cut && pair.open)
    return { reason: `cut off by length ${pair.solution === "" ? "before" : "in"} the solution`, code: "model/cut-off" };
  if (pair.solution === "") return { reason: `nothing ${place} “${rule.solution}”`, code: "model/unparsed" };
  if (rule.answer === "program" && splitProgram(pair.solution).program === null)
    return { reason: "no program between the fences", code: "model/unparsed" };
  return null;
}

/** Some models put their whole Markdown answer into one fence. */
function withoutOuterFence(text: string): string {
  const outer = /^\s*(`{3,})(?:markdown|md)[ \t]*\n([\s\S]*)\n\1[ \t]*$/.exec(text.trimEnd());
  return outer?.[2] ?? text;
}

const REFUSAL =
  /^\W*(?:I(?:['’]m| am) sorry|sorry,|I (?:can(?:['’]t|not| not)|won['’]t|am unable|must decline)|I['’]m (?:unable|not able)|as an AI)/i;

/** Only asked where nothing parsed, and only of short texts: a solution may say "I cannot divide by zero". */
const soundsLikeRefusal = (text: string): boolean => text.length < 1_000 && REFUSAL.test(text);

const refused = (text: string): ParseFailure => ({ reason: `refused: ${shorten(text).replace(/[.。．\s]+$/, "")}`, code: "model/refused" });

const quote = (text: string): string => `“${shorten(text)}”`;

function shorten(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length <= 80 ? line : `${line.slice(0, 79)}…`;
}
