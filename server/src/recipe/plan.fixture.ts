import { createHash } from "node:crypto";
import type { Contents } from "./fingerprint.ts";
import { modelIdentity } from "./identity.ts";
import { type Facts, type Finished, type PlannedStep, plan } from "./plan.ts";
import type { WholeRecipe } from "./read.ts";
import { placed } from "./roles.ts";
import { settingsOf, stepName } from "./steps.ts";

export const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Two files behind every pattern of a recipe, one behind every path; what is no path has none. */
export function contentsOf({ steps, endpoints }: Pick<WholeRecipe, "steps" | "endpoints">): Contents {
  const files = new Map<string, Record<string, string>>();
  for (const step of steps.values())
    for (const { role, value } of placed(settingsOf(step.verb), step.settings)) {
      if (typeof value !== "string" || !["files", "templates", "input"].includes(role.is) || stepName(value) !== null) continue;
      if (!/[*.]/.test(value) || /^[\w-]+\/[\w-]+-v[\d.]+$/.test(value)) continue;
      const names = value.includes("*") ? ["a", "b"].map((name) => value.replaceAll("*", name)) : [value];
      files.set(value, Object.fromEntries(names.map((name) => [name, hash(name)])));
    }
  const models = new Map([...endpoints].map(([name, declaration]) => [name, modelIdentity(declaration, "0".repeat(64))]));
  return { files, models };
}

/** The facts after everything that is not fresh has been made, one step after the other. A result's revision is told by its fingerprint. */
export function finishAll(recipe: WholeRecipe, facts: Facts, revisionOf: (planned: PlannedStep) => string = byFingerprint): Facts {
  const finished = new Map<string, Finished>(facts.finished);
  for (const name of plan(recipe, facts).map(({ step }) => step.name)) {
    const now = plan(recipe, { ...facts, finished }).find(({ step }) => step.name === name) as PlannedStep;
    if (now.state === "fresh" || now.state === "blocked" || now.fingerprint === null || (now.frozen && now.revision !== null)) continue;
    finished.set(name, { fingerprint: now.fingerprint, revision: revisionOf(now), when: "2026-11-26T12:00:00Z", makeup: now.makeup });
  }
  return { ...facts, finished };
}

const byFingerprint = ({ step, fingerprint }: PlannedStep): string => hash(`${step.verb} ${fingerprint}`).slice(0, 16);

export const nothingDone = (contents: Contents): Facts => ({ contents, finished: new Map(), accepted: new Map() });

/** Names of the steps in this state. */
export const inState = (planned: readonly PlannedStep[], state: PlannedStep["state"]): string[] =>
  planned.filter((one) => one.state === state).map(({ step }) => step.name);
