import { type Document, isAlias, isMap, isNode, isScalar, type Pair } from "yaml";
import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import type { Problem } from "#protocol/errors.ts";
import { checkStep, type PreciseFinding } from "./check-step.ts";
import { checkHost, type Host, readHost } from "./host.ts";
import type { Finding } from "./issue.ts";
import { entriesOf, entryOf, isEmpty, keyOf, nodeAt, spanOf } from "./nodes.ts";
import { findCycles } from "./order.ts";
import { MAX_PROBLEMS, parseRecipe, parseYaml } from "./parse.ts";
import { placeOf } from "./place.ts";
import { NAME } from "./schema.ts";
import { type Declared, readStep, type Step } from "./steps.ts";

export interface WholeRecipe {
  /** The endpoints that are valid, by name, in the order of the file. */
  endpoints: Map<string, EndpointDeclaration>;
  hosts: Map<string, Host>;
  /** Every step of a known verb, whatever else is wrong with it. */
  steps: Map<string, Step>;
  /** What is wrong with a step, by its name; those that are in order have no entry. */
  broken: Map<string, Problem[]>;
  /** What is wrong anywhere, each at its place in the file, the first hundred; code `project/invalid-yaml`. */
  problems: Problem[];
  /** What the checks among steps look at: everything that is declared, valid or not. */
  declared: Declared;
}

/**
 * Reads the whole of `jiuzhang.yaml`: endpoints, hosts, steps, and what they refer to. Never throws. Where the text is not YAML, what stands
 * before the first error is read all the same, and references are left alone: what they mean may stand after it.
 * @param file the file's name as it shall stand in problems.
 */
export function readRecipe(source: string, file: string): WholeRecipe {
  const document = parseYaml(source);
  const { endpoints, problems } = parseRecipe(source, file, document);
  const declared = {
    endpoints: new Map<string, EndpointDeclaration | null>(),
    hosts: new Set<string>(),
    steps: new Map<string, Step | null>(),
  };
  const recipe: WholeRecipe = { endpoints, hosts: new Map(), steps: new Map(), broken: new Map(), problems, declared };
  if (document === null) return recipe;
  try {
    readParts(document, source, file, recipe, declared);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    if (problems.length === 0) problems.push(tooDeep(file));
  }
  return recipe;
}

const tooDeep = (file: string): Problem => ({
  code: "project/invalid-yaml",
  message: "This file is too deeply nested to be read",
  where: { file, line: 1, column: 1, endLine: 1, endColumn: 1 },
  remedy: "Compare it with the example in the README.",
});

interface MutableDeclared {
  endpoints: Map<string, EndpointDeclaration | null>;
  hosts: Set<string>;
  steps: Map<string, Step | null>;
}

function readParts(document: Document.Parsed, source: string, file: string, recipe: WholeRecipe, declared: MutableDeclared): void {
  const { problems, broken, endpoints, hosts, steps } = recipe;
  const firstError = Math.min(...[...document.errors, ...document.warnings].map(({ pos }) => pos[0]), Number.POSITIVE_INFINITY);
  /** Adds a problem and gives it; what stands at or after the first error of the YAML may only follow from it. */
  const report = (span: readonly [number, number], message: string, remedy: string): Problem | null => {
    if (problems.length >= MAX_PROBLEMS || span[1] >= firstError) return null;
    const problem: Problem = { code: "project/invalid-yaml", message, where: placeOf(file, source, span[0], span[1]), remedy };
    problems.push(problem);
    return problem;
  };
  const reportAt = (entry: Pair, finding: PreciseFinding) =>
    (endOf(entry) < firstError ? report : () => null)(
      preciseSpan(nodeAt(document, entry, finding) ?? entry.key, source, finding.within),
      finding.message,
      finding.remedy,
    );

  for (const entry of part(document, "endpoints")) {
    const name = keyOf(entry);
    if (name !== null) declared.endpoints.set(name, endpoints.get(name) ?? null);
  }

  checkGroup(document, source, "hosts", "a host", "Write “box: { ssh: gpu-box }” below it.", report);
  for (const entry of part(document, "hosts")) {
    const name = nameOf(entry, source, "A host", report);
    if (name === null) continue;
    declared.hosts.add(name);
    const { value, finding } = plain(document, entry, `Host “${name}”`);
    const findings = finding === null ? checkHost(name, value) : [finding];
    for (const found of findings) reportAt(entry, found);
    if (findings.length === 0) hosts.set(name, readHost(name, value));
  }

  const entries = new Map<string, Pair>();
  const blame = (name: string, finding: PreciseFinding) => {
    const entry = entries.get(name) as Pair;
    const problem = reportAt(entry, finding) ?? { code: "project/invalid-yaml", message: finding.message, remedy: finding.remedy };
    broken.set(name, [...(broken.get(name) ?? []), problem]);
  };
  checkGroup(document, source, "steps", "a step", "Write “seeds: { verb: import, from: data/seeds/*.jsonl }” below it.", report);
  for (const entry of part(document, "steps")) {
    const name = nameOf(entry, source, "A step", report);
    if (name === null) continue;
    entries.set(name, entry);
    const { value, finding } = plain(document, entry, `Step “${name}”`);
    const read = finding === null ? readStep(name, value) : { step: null, findings: [finding] };
    declared.steps.set(name, read.step);
    if (read.step !== null) steps.set(name, read.step);
    for (const found of read.findings) blame(name, found);
  }
  if (firstError < Number.POSITIVE_INFINITY) return;
  for (const { name, finding } of checkAmong(declared)) blame(name, finding);
}

/** What is wrong with steps among each other and with the names that they use. */
export function checkAmong(declared: Declared): { name: string; finding: PreciseFinding }[] {
  const findings = [...declared.steps.values()].flatMap((step) =>
    step === null ? [] : checkStep(step, declared).map((finding) => ({ name: step.name, finding })),
  );
  const cycles = findCycles(declared.steps).map(({ step, finding }) => ({ name: step, finding }));
  return [...findings, ...cycles];
}

type Report = (span: readonly [number, number], message: string, remedy: string) => unknown;

const part = (document: Document.Parsed, name: string): Pair[] => entriesOf(document, entryOf(document, document.contents, name)?.value);

function checkGroup(document: Document.Parsed, source: string, name: string, one: string, remedy: string, report: Report): void {
  const value = entryOf(document, document.contents, name)?.value;
  const node = isAlias(value) ? value.resolve(document) : value;
  if (!isEmpty(node) && !isMap(node)) report(spanOf(value, source), `“${name}” must be a group of named ${one.slice(2)}s`, remedy);
}

function nameOf(entry: Pair, source: string, one: string, report: Report): string | null {
  const name = keyOf(entry);
  if (name !== null && NAME.test(name)) return name;
  report(
    spanOf(entry.key, source),
    `${one}'s name must be one word`,
    "Use letters, digits, “-”, “_” and “.”: the name is typed on the command line.",
  );
  return null;
}

/** An entry's value without YAML around it. */
function plain(document: Document.Parsed, entry: Pair, who: string): { value: unknown; finding: Finding | null } {
  try {
    return { value: isNode(entry.value) ? entry.value.toJS(document) : entry.value, finding: null };
  } catch (thrown) {
    if (thrown instanceof RangeError) throw thrown;
    const message = `${who} refers to an anchor that is not there, or to too many`;
    return { value: null, finding: { path: [], atKey: true, message, remedy: "Write the values out instead of using * and &." } };
  }
}

function endOf({ key, value }: Pair): number {
  const end = (node: unknown) => (isNode(node) ? (node.range?.[2] ?? 0) : 0);
  return Math.max(end(key), end(value));
}

/** A part of a text value where it is written as it is read, else the whole node. */
export function preciseSpan(node: unknown, source: string, within: { start: number; end: number } | undefined): [number, number] {
  const whole = spanOf(node, source);
  if (within === undefined || !isScalar(node) || typeof node.value !== "string") return whole;
  const start = source.indexOf(node.value, whole[0]);
  if (start < 0 || start > whole[0] + 1 || start + node.value.length > whole[1]) return whole;
  return [start + within.start, start + within.end];
}
