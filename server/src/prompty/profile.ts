import { FORMATS, type Format, type ParseRule, STAGES, type Stage, type TemplateProfile } from "#protocol/template.ts";
import { didYouMean, quoted } from "../words/suggest.ts";
import type { Locate } from "./front-matter.ts";
import type { Report } from "./report.ts";
import { isMap } from "./values.ts";

export const PARSE_FORMS = ["sections", "json", "continue"] as const;
export const ANSWER_RULES = ["boxed", "phrase", "any", "program"] as const;
export const PROFILE_MEMBERS = ["stage", "format", "parse", "completion"] as const;
const PARSE_MEMBERS = ["form", "problem", "solution", "answer"] as const;
const ROOT = ["metadata", "jiuzhang"] as const;

/**
 * Reads `metadata.jiuzhang`. What is absent or wrong gets its default: headings “## Problem” and “## Solution”
 * (fields “problem” and “solution” for JSON), any form of answer, or the program's output for `format: tool`.
 * `parse` may be the name of a form alone.
 */
export function readProfile(metadata: unknown, report: Report, locate: Locate): TemplateProfile {
  const given = isMap(metadata) ? (metadata.jiuzhang ?? {}) : {};
  if (!isMap(given)) report.error(locate(ROOT), "“metadata.jiuzhang” must be a map", `Its members are ${PROFILE_MEMBERS.join(", ")}.`);
  const data = isMap(given) ? given : {};
  warnUnknown(data, PROFILE_MEMBERS, [], report, locate);
  const choose = <T extends string>(value: unknown, known: readonly T[], path: readonly string[]): T | null => {
    if (value === undefined || value === null) return null;
    if ((known as readonly unknown[]).includes(value)) return value as T;
    const shown = typeof value === "string" ? quoted(value) : "this value";
    const remedy =
      typeof value === "string" ? didYouMean(value, known, `Known are ${known.join(", ")}.`) : `Known are ${known.join(", ")}.`;
    report.error(locate([...ROOT, ...path]), `“${path.at(-1)}” cannot be ${shown}`, remedy);
    return null;
  };
  const stage: Stage | null = choose(data.stage, STAGES, ["stage"]);
  const format: Format | null = choose(data.format, FORMATS, ["format"]);
  const completion = data.completion === true;
  if (data.completion !== undefined && typeof data.completion !== "boolean")
    report.error(locate([...ROOT, "completion"]), "“completion” must be true or false", "Write true where the body is a raw prompt.");

  const rule = typeof data.parse === "string" ? { form: data.parse } : (data.parse ?? {});
  if (!isMap(rule)) report.error(locate([...ROOT, "parse"]), "“parse” must be a form or a map", `Forms are ${PARSE_FORMS.join(", ")}.`);
  const members = isMap(rule) ? rule : {};
  warnUnknown(members, PARSE_MEMBERS, ["parse"], report, locate);
  const formPath = typeof data.parse === "string" ? ["parse"] : ["parse", "form"];
  const form = choose(members.form, PARSE_FORMS, formPath) ?? (completion ? "continue" : "sections");
  const heading = (name: "problem" | "solution", usual: string): string => {
    const value = members[name];
    if (typeof value === "string" && value.trim() !== "") return value;
    if (value !== undefined && value !== null)
      report.error(locate([...ROOT, "parse", name]), `“${name}” must be text`, `Write it in quotes, as in “${name}: "${usual}"”.`);
    return usual;
  };
  const parse: ParseRule = {
    form,
    problem: heading("problem", form === "json" ? "problem" : "## Problem"),
    solution: heading("solution", form === "json" ? "solution" : "## Solution"),
    answer: choose(members.answer, ANSWER_RULES, ["parse", "answer"]) ?? (format === "tool" ? "program" : "any"),
  };
  return { stage, format, parse, completion };
}

function warnUnknown(
  data: Record<string, unknown>,
  known: readonly string[],
  path: readonly string[],
  report: Report,
  locate: Locate,
): void {
  for (const name of Object.keys(data)) {
    if (known.includes(name)) continue;
    const where = ["metadata", "jiuzhang", ...path].join(".");
    const remedy = didYouMean(name, known, `Known are ${known.join(", ")}.`);
    report.warning(locate([...ROOT, ...path, name]), `“${where}” has no member ${quoted(name)}`, remedy);
  }
}
