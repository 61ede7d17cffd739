import { isScalar } from "yaml";
import { HERE } from "../recipe/hosts.ts";
import { keyOf, nodeAt, spanOf } from "../recipe/nodes.ts";
import { parseYaml } from "../recipe/parse.ts";
import { placeOf } from "../recipe/place.ts";
import { preciseSpan } from "../recipe/read.ts";
import { placed } from "../recipe/roles.ts";
import { NAME } from "../recipe/schema.ts";
import { settingsOf, stepName } from "../recipe/steps.ts";
import { declaredEntries, type RecipeDocument } from "./recipe-document.ts";

export type Part = "steps" | "endpoints" | "hosts";

/** A name of a step, endpoint or host as it stands in the text. */
export interface Occurrence {
  part: Part;
  name: string;
  /** Half-open offsets of the name alone: `teach` of `steps.teach`. */
  span: [start: number, end: number];
  declares: boolean;
}

/** Every name in a recipe, those of declarations first. */
export function occurrences(document: RecipeDocument): Occurrence[] {
  const { source, yaml, recipe } = document;
  const found: Occurrence[] = [];
  for (const part of ["steps", "endpoints", "hosts"] as const)
    for (const entry of declaredEntries(document, part)) {
      const name = keyOf(entry);
      if (name !== null) found.push({ part, name, span: inside(entry.key, source, name, 0), declares: true });
    }
  const entries = new Map(declaredEntries(document, "steps").map((entry) => [keyOf(entry), entry]));
  for (const step of recipe.steps.values()) {
    const entry = entries.get(step.name);
    if (entry === undefined) continue;
    for (const { path, role, value } of placed(settingsOf(step.verb), step.settings)) {
      if (typeof value !== "string") continue;
      const node = nodeAt(yaml, entry, { path, atKey: false });
      // What was merged in or stands behind an alias is written elsewhere.
      if (!isScalar(node) || node.value !== value) continue;
      const used = role.is === "input" ? stepName(value) : null;
      if (used !== null) found.push({ part: "steps", name: used, span: inside(node, source, value, "steps.".length), declares: false });
      if (role.is === "endpoint" || role.is === "host")
        found.push({ part: `${role.is}s`, name: value, span: inside(node, source, value, 0), declares: false });
    }
  }
  return found;
}

const inside = (node: unknown, source: string, text: string, from: number): [number, number] =>
  isScalar(node) && typeof node.value !== "string" ? spanOf(node, source) : preciseSpan(node, source, { start: from, end: text.length });

/** The name at a place; with `steps.` before it, the whole reference counts. */
export function occurrenceAt(all: readonly Occurrence[], source: string, offset: number): Occurrence | null {
  return (
    all.find(({ span: [start, end] }) => start <= offset && offset <= end) ??
    all.find(
      ({ span: [start], part, declares }) =>
        !declares && part === "steps" && offset < start && source.slice(offset, start).length <= "steps.".length,
    ) ??
    null
  );
}

export const sameName =
  (one: Pick<Occurrence, "part" | "name">) =>
  (other: Occurrence): boolean =>
    other.part === one.part && other.name === one.name;

/** Why no name of a recipe can be changed at present, or null: what cannot be read may use it, and would go on doing so. */
export function renameProblem({ yaml, recipe, ...document }: RecipeDocument): string | null {
  if (yaml.errors.length > 0) return "This recipe is not valid YAML at present: mend that first, so that every use of the name is found.";
  for (const { key } of declaredEntries({ yaml }, "steps").filter((entry) => !recipe.steps.has(keyOf(entry) ?? ""))) {
    const { line } = placeOf("", document.source, ...spanOf(key, document.source));
    return `The step in line ${line} cannot be read: mend it first, so that every use of the name is found.`;
  }
  return null;
}

/** Why a name cannot be given, or null. */
export function nameProblem(all: readonly Occurrence[], { part, name }: Occurrence, wanted: string): string | null {
  if (part === "hosts" && name === HERE) return "“here” is always this machine: it has no other name.";
  if (!all.some((one) => one.declares && sameName({ part, name })(one))) return `“${name}” is declared nowhere.`;
  if (wanted === name) return null;
  if (!NAME.test(wanted)) return "Use letters, digits, “-”, “_” and “.”, beginning with a letter or digit.";
  if (parseYaml(wanted)?.toJS() !== wanted) return `YAML reads “${wanted}” as something else than a name.`;
  if (all.some((one) => one.declares && sameName({ part, name: wanted })(one))) return `There is “${wanted}” already.`;
  return null;
}
