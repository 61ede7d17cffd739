import type { z } from "zod";
import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import { nearest } from "../words/suggest.ts";
import { HERE } from "./hosts.ts";
import { type Finding, printable } from "./issue.ts";
import { explainPart } from "./issue-of-part.ts";
import { type Kind, type Path, placed } from "./roles.ts";
import { isVerb, VERB_NAMES, VERBS, type Verb } from "./verbs.ts";

/** A step as it is written. What its settings mean by default stands in the schema of its verb. */
export interface Step {
  name: string;
  verb: Verb;
  /** Everything that is written, without `verb`. */
  settings: Readonly<Record<string, unknown>>;
  frozen: boolean;
  host: string;
  /** Its references to other steps, in the order of the text. */
  references: Reference[];
  /** What its result is; null where it may be anything. */
  gives: Kind | null;
}

export interface Reference {
  /** Where in the settings it stands. */
  path: Path;
  /** Name of the step that is meant, which need not exist. */
  name: string;
  /** What may stand there. */
  kinds: readonly Kind[];
}

/** What a recipe declares, by name, as values without places. Null: declared, but not valid. */
export interface Declared {
  endpoints: ReadonlyMap<string, EndpointDeclaration | null>;
  hosts: ReadonlySet<string>;
  steps: ReadonlyMap<string, Step | null>;
}

/** The settings of a verb, `verb` included. */
export const settingsOf = (verb: Verb): z.ZodObject => VERBS[verb].schema;

/** The name after `steps.`, or null where the text is no reference. */
export function stepName(text: unknown): string | null {
  return typeof text === "string" ? (/^steps\.(\S+)$/.exec(text)?.[1] ?? null) : null;
}

/** Reads one step; null where it is of no verb that we know. What is wrong with its shape is in the findings, and the rest is read all the same. */
export function readStep(name: string, value: unknown): { step: Step | null; findings: Finding[] } {
  const who = `Step “${name}”`;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return nothing({
      path: [],
      atKey: false,
      message: `${who} must be a group of settings`,
      remedy: "Write { verb: import, from: data/seeds/*.jsonl }, for example.",
    });
  const written = value as Record<string, unknown>;
  const verb = Object.hasOwn(written, "verb") ? written.verb : undefined;
  if (verb === undefined)
    return nothing({ path: [], atKey: true, message: `${who} has no “verb”`, remedy: `Add one of: ${VERB_NAMES.join(", ")}.` });
  if (!isVerb(verb)) {
    const near = typeof verb === "string" ? nearest(verb, VERB_NAMES) : null;
    const remedy = near === null ? `Verbs are: ${VERB_NAMES.join(", ")}.` : `Did you mean “${near}”?`;
    return nothing({ path: ["verb"], atKey: false, message: `${who} has a verb that does not exist`, remedy });
  }
  const { verb: _, ...settings } = written;
  const step: Step = {
    name,
    verb,
    settings,
    frozen: settings.frozen === true,
    host: typeof settings.host === "string" ? settings.host : HERE,
    references: [...placed(settingsOf(verb), settings)].flatMap(({ path, role, value }) => {
      const target = role.is === "input" ? stepName(value) : null;
      return role.is === "input" && target !== null ? [{ path, name: target, kinds: role.kinds }] : [];
    }),
    gives: VERBS[verb].gives(settings),
  };
  return { step, findings: explainPart(who, settingsOf(verb), value) };
}

const nothing = (finding: Finding) => ({ step: null, findings: [finding] });

export const shown = (name: string): string => `steps.${printable(name)}`;
