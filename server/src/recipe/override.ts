import { parseDocument, Scalar, visit } from "yaml";
import type { Problem } from "#protocol/errors.ts";
import { nearest } from "../words/suggest.ts";
import { printable } from "./issue.ts";
import { atPath } from "./issue-of-part.ts";
import { checkAmong, type WholeRecipe } from "./read.ts";
import { formsOf, type Path, shapeOf, shapeOfValue } from "./roles.ts";
import { readStep, type Step, settingsOf } from "./steps.ts";

/**
 * A recipe with some settings replaced, as `--set teach.sample=100` asks for. Values are read as the setting wants them: as text where it
 * takes text, else as YAML (`[a, b]`, `true`, `5`); nothing after the `=` takes the setting out. A setting inside a group or list
 * is named by its place: `writer.data[0].limit=100`.
 * @returns the recipe, and what is wrong with the settings; steps with a problem are `broken` in it
 */
export function override(recipe: WholeRecipe, settings: readonly string[]): { recipe: WholeRecipe; problems: Problem[] } {
  const problems: Problem[] = [];
  const steps = new Map(recipe.steps);
  const given = new Map<string, string>();
  const broken = new Map(recipe.broken);
  const blame = (name: string, text: string, message: string, remedy: string) => {
    const problem: Problem = { code: "usage/invalid-argument", message: `--set ${printable(text)}: ${message}`, remedy };
    problems.push(problem);
    if (steps.has(name)) broken.set(name, [...(broken.get(name) ?? []), problem]);
  };
  for (const text of settings) {
    const read = parse(text, steps);
    if ("message" in read) {
      problems.push({ code: "usage/invalid-argument", message: `--set ${printable(text)}: ${read.message}`, remedy: read.remedy });
      continue;
    }
    const { step, path, value } = read;
    const changed = readStep(step.name, { verb: step.verb, ...(replaced(step.settings, path, valueFor(step, path, value)) as object) });
    if (changed.step === null) continue;
    steps.set(step.name, changed.step);
    given.set(step.name, text);
    // What was wrong with the file's own step may be mended by this.
    broken.delete(step.name);
    for (const { message, remedy } of changed.findings) blame(step.name, text, message, remedy);
  }
  const declared = {
    ...recipe.declared,
    steps: new Map([...recipe.declared.steps].map(([name, step]) => [name, steps.get(name) ?? step])),
  };
  const key = ({ name, message }: { name: string; message: string }) => `${name} ${message}`;
  const before = new Set(checkAmong(recipe.declared).map(({ name, finding }) => key({ name, message: finding.message })));
  const after = checkAmong(declared);
  const now = new Set(after.map(({ name, finding }) => key({ name, message: finding.message })));
  for (const [name, found] of broken) {
    const left = found.filter(({ message }) => !before.has(key({ name, message })) || now.has(key({ name, message })));
    if (left.length === 0) broken.delete(name);
    else broken.set(name, left);
  }
  for (const { name, finding } of after)
    if (given.has(name) || !before.has(key({ name, message: finding.message })))
      blame(name, given.get(name) ?? [...given.values()].join(" "), finding.message, finding.remedy);
  return { recipe: { ...recipe, steps, broken, declared }, problems };
}

const FORM = "Write --set step.setting=value, such as --set teach.sample=100.";

function parse(
  text: string,
  steps: ReadonlyMap<string, Step>,
): { step: Step; path: Path; value: string } | { message: string; remedy: string } {
  const equals = text.indexOf("=");
  const place = equals === -1 ? "" : text.slice(0, equals).trim();
  // Names of steps may hold dots: the longest one is meant.
  const name = [...steps.keys()].filter((step) => place.startsWith(`${step}.`)).sort((a, b) => b.length - a.length)[0];
  if (equals === -1) return { message: "There is no “=” in it", remedy: FORM };
  const step = name === undefined ? undefined : steps.get(name);
  if (step === undefined) {
    const word = place.split(".")[0] ?? "";
    const near = nearest(word, [...steps.keys()]);
    if (steps.has(place)) return { message: `It names no setting of step “${printable(place)}”`, remedy: FORM };
    return {
      message: `There is no step “${printable(word)}”`,
      remedy: near === null ? `Steps of this recipe: ${[...steps.keys()].join(", ")}.` : `Did you mean “${near}”?`,
    };
  }
  const path = pathOf(place.slice(step.name.length + 1));
  if (path === null) return { message: "The place of the setting cannot be read", remedy: FORM };
  if (path[0] === "verb") return { message: "The verb of a step stays as it is", remedy: "Change it in the recipe." };
  return { step, path, value: text.slice(equals + 1).trim() };
}

/** `data[0].from` as its keys; null where it is none. */
function pathOf(text: string): Path | null {
  const path: (string | number)[] = [];
  for (const part of text.split(".")) {
    const found = /^([^[\]\s]+)((?:\[\d+\])*)$/.exec(part);
    if (found === null) return null;
    path.push(found[1] as string, ...[...(found[2] as string).matchAll(/\d+/g)].map(([digits]) => Number(digits)));
  }
  return path;
}

/** A value as the setting wants it; undefined takes it out. */
function valueFor(step: Step, path: Path, text: string): unknown {
  if (text === "") return undefined;
  const at = atPath(settingsOf(step.verb), step.settings, path);
  const wanted = at === null ? [] : formsOf(at.schema).map(shapeOf);
  const read = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  if (read.errors.length > 0 || read.warnings.length > 0) return text;
  // A pattern such as *.jsonl looks like an alias, of which there are none here.
  visit(read, { Alias: (_, { source }) => new Scalar(`*${source}`) });
  const value: unknown = read.toJS();
  return wanted.includes("text") && !wanted.includes(shapeOfValue(value)) ? text : value;
}

/** A copy in which the value at a place is another; groups on the way are made where they are missing. */
function replaced(group: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof key === "number") {
    const copy = Array.isArray(group) ? [...group] : [];
    copy[key] = replaced(copy[key], rest, value);
    return copy.filter((item) => item !== undefined);
  }
  const copy: Record<string, unknown> = typeof group === "object" && group !== null && !Array.isArray(group) ? { ...group } : {};
  const next = replaced(Object.hasOwn(copy, key) ? copy[key] : undefined, rest, value);
  if (next === undefined) delete copy[key];
  else Object.defineProperty(copy, key, { value: next, enumerable: true, configurable: true, writable: true });
  return copy;
}
