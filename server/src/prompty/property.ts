import type { Span } from "#protocol/template.ts";
import { didYouMean, quoted } from "../words/suggest.ts";
import { type FrontMatter, type Locate, nameSpans } from "./front-matter.ts";
import type { Report } from "./report.ts";
import { isMap } from "./values.ts";

/** Kinds whose values are no text: a conversation, or a part of a message. */
export const RICH_KINDS = ["thread", "image", "file", "audio"] as const;
export type RichKind = (typeof RICH_KINDS)[number];

export const KINDS = ["string", "integer", "float", "boolean", "array", "object", "union", ...RICH_KINDS] as const;

/** An entry of `inputs` or `outputs`, or a parameter of a tool (specification, section 2.7). */
export interface Property {
  name: string;
  /** One of `KINDS`, or an extension's own kind. */
  kind: string;
  required: boolean;
  description?: string;
  default?: unknown;
  example?: unknown;
  enumValues?: unknown[];
  /** Inputs only: a value that looks like a role marker is refused instead of kept as text. */
  strict?: boolean;
  items?: Property;
  properties?: Property[];
  oneOf?: Property[];
  anyOf?: Property[];
  /** Where the name stands in the source. */
  span: Span;
}

export function isRich(kind: string): kind is RichKind {
  return (RICH_KINDS as readonly string[]).includes(kind);
}

const MEMBERS = ["kind", "description", "required", "default", "example", "enumValues", "strict", "items", "properties", "oneOf", "anyOf"];
const MAX_DEPTH = 50;

interface Reading {
  report: Report;
  locate: Locate;
  spans: Map<string, Span>;
}

type Path = readonly (string | number)[];

/** Reads `inputs` or `outputs` of the front matter, in list or map form. */
export function readProperties(
  member: "inputs" | "outputs",
  frontMatter: FrontMatter,
  data: unknown,
  report: Report,
  locate: Locate,
): Property[] {
  return list(data, [member], { report, locate, spans: nameSpans(frontMatter, member) });
}

/** Reads the parameters of a tool: a list, a map, or either under `properties`. */
export function readParameters(data: unknown, path: Path, report: Report, locate: Locate): Property[] {
  const inner = isMap(data) && (Array.isArray(data.properties) || isMap(data.properties)) ? data.properties : data;
  return list(inner, path, { report, locate, spans: new Map() });
}

function list(data: unknown, path: Path, reading: Reading): Property[] {
  const { report, locate } = reading;
  if (data === undefined || data === null) return [];
  if (path.length > MAX_DEPTH) return [];
  const properties: Property[] = [];
  if (Array.isArray(data))
    for (const [i, item] of data.entries()) {
      const name = isMap(item) ? item.name : undefined;
      if (isMap(item) && typeof name === "string" && name !== "") properties.push(property(name, item, [...path, i], reading));
      else
        report.error(locate([...path, i]), `Entry ${i + 1} of “${path.at(-1)}” has no name`, "Write “- name: …” and below it “kind: …”.");
    }
  else if (isMap(data)) for (const [name, item] of Object.entries(data)) properties.push(property(name, item, [...path, name], reading));
  else
    report.error(
      locate(path),
      `“${path.at(-1)}” must be a list or a map`,
      "Write one entry a line: “- name: seed” and below it “kind: string”.",
    );
  const seen = new Set<string>();
  for (const { name, span } of properties) {
    if (seen.has(name)) report.error(span, `The name ${quoted(name)} occurs twice in “${path.at(-1)}”`, "Rename or remove one of the two.");
    seen.add(name);
  }
  return properties;
}

function property(name: string, data: unknown, path: Path, reading: Reading): Property {
  const { report, locate, spans } = reading;
  const span = path.length === 2 ? (spans.get(name) ?? locate(path)) : { start: 0, end: 0 };
  // A bare value is short for a default; a map counts as a default when no member of a property is in it.
  if (!isMap(data) || !(Object.hasOwn(data, "name") || MEMBERS.some((member) => Object.hasOwn(data, member))))
    return { name, kind: inferKind(data), required: false, ...(data === null ? {} : { default: data }), span };
  const kind = data.kind ?? inferKind(data.default ?? data.enumValues ?? "");
  if (typeof kind !== "string") {
    report.error(locate([...path, "kind"]), `The kind of ${quoted(name)} must be a word`, `Kinds are ${KINDS.join(", ")}.`);
    return { name, kind: "string", required: false, span };
  }
  if (!(KINDS as readonly string[]).includes(kind))
    report.warning(
      locate([...path, "kind"]),
      `The kind ${quoted(kind)} of ${quoted(name)} is unknown`,
      didYouMean(kind, KINDS, `Kinds are ${KINDS.join(", ")}.`),
    );
  const result: Property = { name, kind, required: data.required === true, span };
  if (data.required !== undefined && typeof data.required !== "boolean")
    report.error(
      locate([...path, "required"]),
      `“required” of ${quoted(name)} must be true or false`,
      "Write true or false without quotes.",
    );
  if (typeof data.description === "string") result.description = data.description;
  if (data.default !== undefined && data.default !== null) result.default = data.default;
  if (data.example !== undefined) result.example = data.example;
  if (Array.isArray(data.enumValues)) result.enumValues = data.enumValues;
  if (typeof data.strict === "boolean") result.strict = data.strict;
  if (isMap(data.items)) result.items = property("items", data.items, [...path, "items"], reading);
  for (const member of ["properties", "oneOf", "anyOf"] as const)
    if (data[member] !== undefined) result[member] = members(data[member], [...path, member], member, reading);
  if (kind === "union" && (result.oneOf?.length ?? 0) > 0 === (result.anyOf?.length ?? 0) > 0)
    report.error(
      span.end > 0 ? span : locate(path),
      `The union ${quoted(name)} needs either “oneOf” or “anyOf”`,
      "Give exactly one of them, with at least one entry.",
    );
  return result;
}

/** The branches of a union may go without names. */
function members(data: unknown, path: Path, member: string, reading: Reading): Property[] {
  if (member === "properties" || !Array.isArray(data)) return list(data, path, reading);
  return data.map((item, i) => property(isMap(item) && typeof item.name === "string" ? item.name : "", item, [...path, i], reading));
}

/** The kind of a bare value (specification, section 2.7). */
export function inferKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (isMap(value)) return "object";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
  return "string";
}
