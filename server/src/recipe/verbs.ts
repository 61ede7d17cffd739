import type * as z from "zod";
import type { Kind } from "./roles.ts";
import { evaluateStep } from "./verbs/evaluate.ts";
import { exportStep } from "./verbs/export.ts";
import { importStep } from "./verbs/import.ts";
import { influenceStep } from "./verbs/influence.ts";
import { runStep } from "./verbs/run.ts";
import { synthesizeStep } from "./verbs/synthesize.ts";
import { trainStep } from "./verbs/train.ts";
import { verifyStep } from "./verbs/verify.ts";

export interface VerbDeclaration {
  schema: z.ZodObject;
  /** Raised only when the same arguments and inputs give another output than before. */
  version: number;
  /** What the result is; null where it may be anything. */
  gives(step: Readonly<Record<string, unknown>>): Kind | null;
}

export const VERBS = {
  import: { schema: importStep, version: 1, gives: ({ kind }) => (kind === "problems" ? "rows" : "seeds") },
  synthesize: { schema: synthesizeStep, version: 1, gives: () => "rows" },
  train: { schema: trainStep, version: 1, gives: () => "model" },
  influence: { schema: influenceStep, version: 1, gives: () => "scores" },
  verify: { schema: verifyStep, version: 1, gives: () => "rows" },
  evaluate: { schema: evaluateStep, version: 1, gives: () => "report" },
  export: { schema: exportStep, version: 1, gives: () => "file" },
  run: { schema: runStep, version: 1, gives: ({ gives }) => (typeof gives === "string" ? (gives as Kind) : null) },
} as const satisfies Record<string, VerbDeclaration>;

export type Verb = keyof typeof VERBS;
export const VERB_NAMES = Object.keys(VERBS) as Verb[];

export const isVerb = (text: unknown): text is Verb => typeof text === "string" && Object.hasOwn(VERBS, text);
