import { TEMPLATE_MAX_BYTES } from "#protocol/limits.ts";
import type { Diagnostic, Span, TemplateProfile } from "#protocol/template.ts";
import { quoted } from "../words/suggest.ts";
import type { Node } from "./ast.ts";
import { parseBody } from "./body.ts";
import { checkMarkerValues, checkNodes, checkRoles } from "./check.ts";
import { createLocate, type FrontMatter, type Locate, readFrontMatter } from "./front-matter.ts";
import { lexTemplate } from "./lexer.ts";
import { type Model, readModel, readTools, type Tool } from "./model.ts";
import { readProfile } from "./profile.ts";
import { type Property, readProperties } from "./property.ts";
import { type ReferenceSources, resolveReferences } from "./references.ts";
import { createReport, type Report } from "./report.ts";
import { isMap } from "./values.ts";

/** A `.prompty` file, as far as it can be understood. Spans are offsets into `source`. */
export interface Template {
  source: string;
  frontMatter: FrontMatter;
  /** All front-matter members as plain data, references resolved; unknown ones too. */
  data: Record<string, unknown>;
  name: string | null;
  description: string | null;
  metadata: Record<string, unknown>;
  model: Model | null;
  inputs: Property[];
  outputs: Property[];
  tools: Tool[];
  /** Whether all inputs are strict that do not say otherwise (`template.format.strict`). */
  strict: boolean;
  /** The template text: without surrounding white space, as the specification wants, but verbatim for a completion. */
  body: Span;
  nodes: Node[];
  profile: TemplateProfile;
  /** Findings in the order of the source. A template with an error may be shown, but must not be sent. */
  diagnostics: Diagnostic[];
}

export type ParseOptions = ReferenceSources;

/** Parses a template. Never throws: whatever is wrong is a diagnostic, and the rest of the template is there. */
export function parseTemplate(source: string, options: ParseOptions = {}): Template {
  const report = createReport(source);
  const bytes = source.length > TEMPLATE_MAX_BYTES ? source.length : Buffer.byteLength(source);
  if (bytes > TEMPLATE_MAX_BYTES) return tooLarge(source, report);

  const { frontMatter, bodyStart } = readFrontMatter(source, report);
  const locate = createLocate(frontMatter);
  // Half-read YAML has members of odd shapes, and one message about the YAML is enough.
  const broken = report.failed();
  const checks = broken ? createReport(source) : report;
  const data = resolveReferences(frontMatter.data, options, checks, locate);
  const metadata = isMap(data.metadata) ? data.metadata : {};
  if (data.metadata !== undefined && data.metadata !== null && !isMap(data.metadata))
    checks.error(locate(["metadata"]), "“metadata” must be a map", "Write its members below it, indented.");
  const profile = readProfile(metadata, checks, locate);
  const inputs = readProperties("inputs", frontMatter, data.inputs, checks, locate);
  const outputs = readProperties("outputs", frontMatter, data.outputs, checks, locate);
  const model = readModel(data.model, checks, locate);
  const tools = readTools(data.tools, checks, locate);
  const strict = readFormat(data.template, checks, locate);

  const body = bodySpan(source, bodyStart, profile.completion);
  const tokens = lexTemplate(source, body.start, body.end);
  const nodes = parseBody(source, tokens, report);
  checkNodes(nodes, broken ? [] : inputs.map(({ name }) => name), report);
  checkRoles(source, tokens, profile.completion, report);
  if (!profile.completion) checkMarkerValues(source, body, report);
  if (!report.failed() && nodes.every((node) => node.kind === "text" && node.value.trim() === ""))
    report.error(body, "The template is empty", "Write the prompt, below the front matter where there is one.");
  return {
    source,
    frontMatter,
    data,
    name: readText(data, "name", checks, locate),
    description: readText(data, "description", checks, locate),
    metadata,
    model,
    inputs,
    outputs,
    tools,
    strict,
    body,
    nodes,
    profile,
    diagnostics: report.diagnostics(),
  };
}

/** An empty template with one finding: nothing of a file of this size is read. */
function tooLarge(source: string, report: Report): Template {
  const limit = TEMPLATE_MAX_BYTES / 1024 / 1024;
  const remedy = "Keep the prompt in the template and long texts in the seeds.";
  report.error({ start: 0, end: 0 }, `The template is larger than ${limit} MB and was not read`, remedy, "template/too-large");
  return { ...parseTemplate(""), source, diagnostics: report.diagnostics() };
}

function readText(data: Record<string, unknown>, member: string, report: Report, locate: Locate): string | null {
  const value = data[member] ?? null;
  if (value === null || typeof value === "string") return value;
  report.error(locate([member]), `“${member}” must be text`, "Write it in quotes if it looks like a number or a list.");
  return null;
}

/** Checks `template`, and tells whether inputs are strict by default. */
function readFormat(data: unknown, report: Report, locate: Locate): boolean {
  if (data === undefined || data === null) return false;
  const remedy = "Write “format: { kind: jinja2 }” and “parser: { kind: prompty }” below “template:”, or leave it out.";
  if (!isMap(data)) {
    report.error(locate(["template"]), "Invalid template format: “template” must be a map of “format” and “parser”", remedy);
    return false;
  }
  const kind = (member: "format" | "parser", known: string): void => {
    const given = data[member];
    const value = isMap(given) ? given.kind : given;
    if (value === undefined || value === null || value === known) return;
    const shown = typeof value === "string" ? quoted(value) : "this value";
    report.error(locate(["template", member]), `Invalid template format: there is no ${member} ${shown}, only “${known}”`, remedy);
  };
  kind("format", "jinja2");
  kind("parser", "prompty");
  return isMap(data.format) && data.format.strict === true;
}

function bodySpan(source: string, bodyStart: number, completion: boolean): Span {
  if (completion) return { start: bodyStart, end: source.length };
  let start = bodyStart;
  let end = source.length;
  while (start < end && isSpace(source, start)) start++;
  while (end > start && isSpace(source, end - 1)) end--;
  return { start, end };
}

function isSpace(source: string, at: number): boolean {
  return /\s/.test(source.charAt(at));
}
