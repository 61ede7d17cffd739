import type { Problem } from "#protocol/errors.ts";
import { canonicalJson } from "../requests/canonical-json.ts";
import { type Contents, FILES, fingerprintOf, type Makeup, type Missing, MODEL, makeupOf, REVISION } from "./fingerprint.ts";
import { dotted } from "./issue-of-part.ts";
import { inOrder, inputsOf } from "./order.ts";
import type { WholeRecipe } from "./read.ts";
import type { Path } from "./roles.ts";
import type { Step } from "./steps.ts";
import { VERBS } from "./verbs.ts";

/** What is kept of a finished step. */
export interface Finished {
  fingerprint: string;
  /** The immutable state that it published. */
  revision: string;
  /** ISO 8601. */
  when: string;
  makeup: Makeup;
}

/** What a plan is made from, beside the recipe. */
export interface Facts {
  contents: Contents;
  /** The latest result of each step, by its name. */
  finished: ReadonlyMap<string, Finished>;
  /** By the name of a step: fingerprints for which its result was declared good. */
  accepted: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Why a step is not fresh. `argument` is the place in the step: `data[0].from`. */
export type Reason =
  | { kind: "argument"; argument: string; before: unknown; after: unknown }
  | { kind: "file"; argument: string; file: string; change: "changed" | "added" | "removed" }
  | { kind: "model"; argument: string; before: unknown; after: unknown }
  /** A step that it uses has another result than the one it was made of, or, where there is nothing before, another step is used. */
  | { kind: "input"; argument: string; step: string; before: string | null; after: string }
  | { kind: "version"; before: number; after: number }
  /** A step that it uses is going to be made anew. Should that come out the same, this reason is gone. */
  | { kind: "upstream"; step: string }
  | { kind: "missing"; missing: Missing }
  | { kind: "problem"; problem: Problem }
  | { kind: "blocked"; step: string };

export interface PlannedStep {
  step: Step;
  /**
   * - `fresh`: its result is what the recipe says now, or was accepted
   * - `stale`: there is a result, and the reasons say why it is not that
   * - `never`: there is none
   * - `blocked`: it cannot be made, for the reasons given
   */
  state: "fresh" | "stale" | "never" | "blocked";
  /** Its result is kept as it is: where it has one, the steps that use it take that, stale or not. */
  frozen: boolean;
  /** It is fresh because somebody said so. */
  accepted: boolean;
  /** Null while something that it is made of is not there. */
  fingerprint: string | null;
  /** What it would be made of now. */
  makeup: Makeup;
  /** Of its latest result. */
  revision: string | null;
  when: string | null;
  reasons: Reason[];
  /** The steps that it uses, each once. */
  inputs: string[];
}

/** The state of every step, each after those that it uses. */
export function plan(recipe: Pick<WholeRecipe, "steps" | "broken" | "declared">, facts: Facts): PlannedStep[] {
  const planned = new Map<string, PlannedStep>();
  for (const step of inOrder(recipe.steps)) planned.set(step.name, planStep(step, recipe, facts, planned));
  return [...planned.values()];
}

function planStep(
  step: Step,
  { broken, declared }: Pick<WholeRecipe, "broken" | "declared">,
  { contents, finished, accepted }: Facts,
  planned: ReadonlyMap<string, PlannedStep>,
): PlannedStep {
  const inputs = inputsOf(step, declared.steps);
  const revisions = new Map(
    inputs.flatMap((name) => (planned.get(name)?.revision ? [[name, planned.get(name)?.revision as string] as const] : [])),
  );
  const { makeup, missing } = makeupOf(step, contents, revisions, VERBS[step.verb].version);
  const fingerprint = missing.length === 0 ? fingerprintOf(makeup) : null;
  const result = finished.get(step.name);
  const { frozen } = step;
  const common = {
    step,
    frozen,
    fingerprint,
    makeup,
    inputs,
    revision: result?.revision ?? null,
    when: result?.when ?? null,
    accepted: false,
  };

  const blocked: Reason[] = [
    ...(broken.get(step.name) ?? []).map((problem): Reason => ({ kind: "problem", problem })),
    // What has not been planned yet stands in a circle, or is no step that could be read.
    ...inputs
      .filter((name) => (planned.get(name)?.state ?? "blocked") === "blocked" && !isSettled(planned.get(name)))
      .map((name): Reason => ({ kind: "blocked", step: name })),
    ...missing.filter(({ kind }) => kind === "file").map((lack): Reason => ({ kind: "missing", missing: lack })),
  ];
  if (blocked.length > 0) return { ...common, state: "blocked", reasons: blocked };

  const upstream = inputs.filter((name) => !isSettled(planned.get(name))).map((name): Reason => ({ kind: "upstream", step: name }));
  const unknown = missing.filter(({ kind }) => kind === "model").map((lack): Reason => ({ kind: "missing", missing: lack }));
  if (result === undefined) return { ...common, state: "never", reasons: [...unknown, ...upstream] };
  if (fingerprint !== null && accepted.get(step.name)?.has(fingerprint))
    return { ...common, state: "fresh", accepted: fingerprint !== result.fingerprint || upstream.length > 0, reasons: [] };
  if (fingerprint === result.fingerprint && upstream.length === 0) return { ...common, state: "fresh", reasons: [] };
  const own = fingerprint === result.fingerprint ? [] : changes(result.makeup, makeup);
  return { ...common, state: "stale", reasons: [...own, ...unknown, ...upstream] };
}

/** Whether a step's result will stay what it is, even where the step itself cannot be made any more: others may be made of it. */
export const isSettled = (planned: PlannedStep | undefined): boolean =>
  planned !== undefined && (planned.state === "fresh" || (planned.frozen && planned.revision !== null));

/** What has changed between what a result was made of and what it would be made of now. */
export function changes(before: Makeup, after: Makeup): Reason[] {
  const reasons: Reason[] = [];
  if (before.verb !== after.verb) return [{ kind: "argument", argument: "verb", before: before.verb, after: after.verb }];
  if (before.version !== after.version) reasons.push({ kind: "version", before: before.version, after: after.version });
  compare(before.arguments, after.arguments, []);
  return reasons;

  function compare(old: unknown, now: unknown, path: Path): void {
    if (canonicalJson(old) === canonicalJson(now)) return;
    const argument = dotted(path);
    if (isContent(old, MODEL) && isContent(now, MODEL)) {
      if (now[MODEL] !== null) reasons.push({ kind: "model", argument, before: old[MODEL], after: now[MODEL] });
      return;
    }
    if (isContent(now, REVISION)) {
      // Where there is no revision yet, the step is going to be made: that is told as upstream.
      const used = noted(after.inputs, argument);
      if (used !== null)
        reasons.push({
          kind: "input",
          argument: used.argument,
          step: used.value.step,
          before: isContent(old, REVISION) && noted(before.inputs, argument)?.value.step === used.value.step ? String(old[REVISION]) : null,
          after: used.value.revision,
        });
      return;
    }
    if (isContent(old, FILES) && isContent(now, FILES)) {
      const files = noted(after.files, argument);
      reasons.push(...fileChanges(files?.argument ?? argument, noted(before.files, argument)?.value ?? {}, files?.value ?? {}));
      return;
    }
    if (isGroup(old) && isGroup(now) && !isAnyContent(old) && !isAnyContent(now)) {
      const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
      for (const key of keys) compare(old[key], now[key], keys.size === 1 && key === FROM ? path : [...path, key]);
      return;
    }
    if (Array.isArray(old) && Array.isArray(now) && old.length === now.length) {
      for (const [k, item] of old.entries()) compare(item, now[k], [...path, k]);
      return;
    }
    reasons.push({ kind: "argument", argument, before: old ?? null, after: now ?? null });
  }
}

/** The member of a group that says where something is from; alone in its group, it may be written without the group. */
const FROM = "from";

/** What is kept of an argument, which may be written as a group with `from` or without one. */
function noted<T>(record: Readonly<Record<string, T>>, argument: string): { argument: string; value: T } | null {
  const places = [argument, `${argument}.${FROM}`, argument.endsWith(`.${FROM}`) ? argument.slice(0, -FROM.length - 1) : argument];
  const found = places.find((place) => Object.hasOwn(record, place));
  return found === undefined ? null : { argument: found, value: record[found] as T };
}

function fileChanges(argument: string, before: Record<string, string>, after: Record<string, string>): Reason[] {
  const found: Reason[] = [];
  for (const file of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    if (before[file] === after[file]) continue;
    const change = before[file] === undefined ? "added" : after[file] === undefined ? "removed" : "changed";
    found.push({ kind: "file", argument, file, change });
  }
  return found;
}

type Content = Record<string, unknown>;
const isGroup = (value: unknown): value is Content => typeof value === "object" && value !== null && !Array.isArray(value);
const isContent = (value: unknown, name: string): value is Content => isGroup(value) && Object.hasOwn(value, name);
const isAnyContent = (value: unknown): boolean => [FILES, REVISION, MODEL].some((name) => isContent(value, name));
