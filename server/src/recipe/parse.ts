import { type Document, isAlias, isMap, isNode, isScalar, type Pair, parseDocument } from "yaml";
import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import type { Problem } from "#protocol/errors.ts";
import { nearest } from "../words/suggest.ts";
import { checkApiKey } from "./api-key.ts";
import { declareEndpoint } from "./declaration.ts";
import { explain, type Finding, printable } from "./issue.ts";
import { keyOf, nodeAt, spanOf } from "./nodes.ts";
import { placeOf } from "./place.ts";
import { embeddedEndpoint, NAME, servedEndpoint } from "./schema.ts";
import { syntaxProblems } from "./syntax.ts";

export interface Recipe {
  /** The endpoints that are valid, by name, in the order of the file. */
  endpoints: Map<string, EndpointDeclaration>;
  /** Where each of them is declared: the line of its name, from 1. */
  lines: Map<string, number>;
  /** What is wrong, each at its place in the file, the first hundred; code `project/invalid-yaml`. */
  problems: Problem[];
}

/** What a recipe consists of. Named here so that whoever only asks a model need not load what steps are. */
export const PARTS: readonly string[] = ["endpoints", "hosts", "steps"];

/** Nobody reads more, and finding the places of a million would take minutes. */
export const MAX_PROBLEMS = 100;

type Report = (span: readonly [number, number], message: string, remedy: string) => void;

/** The text as YAML, with its errors in it; null where it is nested so deeply that the stack ends. */
export function parseYaml(source: string): Document.Parsed | null {
  try {
    return parseDocument(source, { prettyErrors: false, merge: true, logLevel: "error" });
  } catch (thrown) {
    // Brackets nested some thousand deep exhaust the stack of the YAML library: such a text is no recipe.
    if (!(thrown instanceof RangeError)) throw thrown;
    return null;
  }
}

/**
 * Reads the endpoints of `jiuzhang.yaml`. Never throws: whatever the text is, what is wrong with it is in `problems`, and
 * an endpoint with a problem does not keep the others from being read. Where the text is not YAML there are no endpoints.
 * `hosts` and `steps` are left to `readRecipe`, so that a wrong step keeps nobody from asking a model. Values are never repeated in a message: one of them may be a key.
 * @param file the file's name as it shall stand in problems.
 */
export function parseRecipe(source: string, file: string, document: Document.Parsed | null = parseYaml(source)): Recipe {
  const endpoints = new Map<string, EndpointDeclaration>();
  const lines = new Map<string, number>();
  const problems: Problem[] = [];
  const report: Report = ([start, end], message, remedy) => {
    if (problems.length >= MAX_PROBLEMS) return;
    problems.push({ code: "project/invalid-yaml", message, where: placeOf(file, source, start, end), remedy });
  };
  try {
    if (document === null) throw new RangeError();
    const errors = [...document.errors, ...document.warnings];
    if (errors.length > 0) return { endpoints, lines, problems: syntaxProblems(file, source, errors.slice(0, MAX_PROBLEMS)) };
    readDocument(document, source, report, (name, declaration, key) => {
      endpoints.set(name, declaration);
      lines.set(name, placeOf(file, source, spanOf(key, source)[0]).line ?? 1);
    });
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    endpoints.clear();
    report([0, 0], "This file is too deeply nested to be read", "Compare it with the example in the README.");
  }
  return { endpoints, lines, problems };
}

type Declare = (name: string, declaration: EndpointDeclaration, key: unknown) => void;

function readDocument(document: Document.Parsed, source: string, report: Report, declare: Declare): void {
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return;
  if (!isMap(root)) {
    report(spanOf(root, source), "This file must be a group of settings", "Begin it with a line “endpoints:”.");
    return;
  }
  const known = PARTS;
  for (const pair of root.items) {
    const key = keyOf(pair);
    const span = spanOf(pair.key, source);
    if (key === null) report(span, "A key must be a word", "Write “key: value”.");
    else if (!known.includes(key)) {
      const meant = nearest(key, known);
      const remedy = meant === null ? `Known parts: ${known.join(", ")}.` : `Did you mean “${meant}”?`;
      report(span, `A recipe has no part “${printable(key)}”`, remedy);
    } else if (key === "endpoints") readEndpoints(document, pair, source, report, declare);
  }
}

function readEndpoints(document: Document.Parsed, part: Pair, source: string, report: Report, declare: Declare): void {
  const node = isAlias(part.value) ? part.value.resolve(document) : part.value;
  if (node === null || (isScalar(node) && node.value === null)) return;
  if (!isMap(node)) {
    const remedy = "Write “small: { embedded: true }” below it.";
    report(spanOf(part.value, source), "“endpoints” must be a group of named endpoints", remedy);
    return;
  }
  for (const pair of node.items) {
    const name = keyOf(pair);
    if (name === null || !NAME.test(name)) {
      const remedy = "Use letters, digits, “-”, “_” and “.”: the name is typed on the command line.";
      report(spanOf(pair.key, source), "An endpoint's name must be one word", remedy);
      continue;
    }
    const read = readEndpoint(document, name, pair);
    if (!Array.isArray(read)) declare(name, read, pair.key);
    else for (const finding of read) report(spanOf(nodeAt(document, pair, finding) ?? pair.key, source), finding.message, finding.remedy);
  }
}

function readEndpoint(document: Document.Parsed, name: string, pair: Pair): EndpointDeclaration | Finding[] {
  let value: unknown;
  try {
    value = isNode(pair.value) ? pair.value.toJS(document) : pair.value;
  } catch {
    const message = `Endpoint “${name}” refers to an anchor that is not there, or to too many`;
    return [{ path: [], atKey: true, message, remedy: "Write the values out instead of using * and &." }];
  }
  const settings = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  // Whoever writes `embedded: yes` means the embedded form; the schema then says that it must be `true`.
  const embedded = settings !== null && Object.hasOwn(settings, "embedded") && settings.embedded !== false;
  const keyFinding = settings === null || embedded ? null : checkApiKey(name, settings.api_key);
  const checked = (embedded ? embeddedEndpoint : servedEndpoint).safeParse(value, { reportInput: true });
  if (checked.success) return keyFinding === null ? declareEndpoint(name, checked.data) : [keyFinding];
  const findings = checked.error.issues
    .filter((issue) => keyFinding === null || issue.path[0] !== "api_key")
    .flatMap((issue) => explain(name, issue, embedded));
  return keyFinding === null ? findings : [keyFinding, ...findings];
}
