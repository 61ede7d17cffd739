import type { Diagnostic } from "#protocol/template.ts";
import type { Property } from "./property.ts";
import { createReport, type Report } from "./report.ts";
import type { Template } from "./template.ts";
import { readPart, readThread } from "./thread.ts";
import { describe, equal, isMap } from "./values.ts";

export interface CheckedInputs {
  /** The inputs with defaults filled in, and numbers, truth values and lists read from text where their kind asks for it. */
  inputs: Record<string, unknown>;
  /** `template/missing-input` and `template/invalid-input`, each at the input's declaration. */
  problems: Diagnostic[];
}

/**
 * Checks values against the template's declared inputs. A value that is absent or null takes the default; examples are never
 * used. Inputs that are not declared pass through. Text is read as a number or truth value where the declaration wants one,
 * because CSV files and command lines have nothing but text.
 */
export function checkInputs(template: Template, inputs: Record<string, unknown>): CheckedInputs {
  const report = createReport(template.source);
  const checked = new Map(Object.entries(inputs));
  for (const property of template.inputs) {
    const value = checked.get(property.name);
    if (value === undefined || value === null) fillIn(property, checked, report);
    else checked.set(property.name, check(property, value, report));
  }
  return { inputs: Object.fromEntries(checked), problems: report.diagnostics() };
}

function fillIn(property: Property, checked: Map<string, unknown>, report: Report): void {
  const { name, span } = property;
  if (property.default !== undefined) checked.set(name, property.default);
  else if (property.required) {
    const remedy = `Give a value for “${name}”, or give the input a default.`;
    report.error(span, `Missing required input “${name}”`, remedy, "template/missing-input", { input: name });
  }
}

function check(property: Property, given: unknown, report: Report): unknown {
  const { name, span, kind, enumValues } = property;
  const refuse = (reason: string, remedy: string): unknown => {
    report.error(span, `The input “${name}” ${reason}`, remedy, "template/invalid-input", { input: name, kind });
    return given;
  };
  const value = typeof given === "string" ? fromText(kind, given) : given;
  const wanted = mismatch(kind, value);
  if (wanted !== null) return refuse(`must be ${wanted}, not ${describe(given)}`, "Correct the value, or the kind of the input.");
  if (kind === "thread") {
    const thread = readThread(value);
    if ("reason" in thread) return refuse(`is no conversation: ${thread.reason}`, "Give a list of { role, content }.");
  }
  if ((kind === "image" || kind === "file" || kind === "audio") && readPart(kind, value) === null)
    return refuse(`holds no ${kind}`, "Give a URL or data as text, or { value, mediaType }.");
  if (enumValues !== undefined && !enumValues.some((allowed) => equal(allowed, value)))
    return refuse("is none of the allowed values", `Allowed are ${enumValues.map((allowed) => JSON.stringify(allowed)).join(", ")}.`);
  return value;
}

/** What the kind wants, in words, when the value is something else. */
function mismatch(kind: string, value: unknown): string | null {
  switch (kind) {
    case "string":
      return typeof value === "object" ? "text" : null;
    case "integer":
      return Number.isInteger(value) ? null : "a whole number";
    case "float":
      return typeof value === "number" && Number.isFinite(value) ? null : "a number";
    case "boolean":
      return typeof value === "boolean" ? null : "true or false";
    case "array":
      return Array.isArray(value) ? null : "a list";
    case "object":
      return isMap(value) ? null : "a map";
    default:
      return null;
  }
}

function fromText(kind: string, text: string): unknown {
  const trimmed = text.trim();
  if (kind === "integer" && /^[+-]?\d{1,15}$/.test(trimmed)) return Number(trimmed);
  if (kind === "float" && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed)) return Number(trimmed);
  if (kind === "boolean" && (trimmed === "true" || trimmed === "false")) return trimmed === "true";
  if ((kind === "array" || kind === "object") && /^[[{]/.test(trimmed)) return parseJson(trimmed) ?? text;
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller says what the kind wants.
    return undefined;
  }
}
