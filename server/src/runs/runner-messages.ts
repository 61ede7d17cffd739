import type { Progress } from "#protocol/corpus.ts";
import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import type { Problem } from "#protocol/errors.ts";
import type { EndpointTest } from "#protocol/messages/endpoints.ts";
import type { GenerateDone, GenerateEvent } from "#protocol/messages/generate.ts";
import type { SeedSource } from "./seeds.ts";

/** Whom a run asks, with everything that is needed for it. */
export interface Asked {
  endpoint: EndpointDeclaration;
  /** Values of secrets under the names of their environment variables. They stay in memory, and in the environment of the job's process. */
  keys: Record<string, string>;
  /** Folders in which engine and model of an embedded endpoint may lie, the first that has both counts. */
  homes: string[];
}

export interface TestRequest extends Asked {
  /** Whether it is also asked a question, not only for its models. */
  ask: boolean;
}

export interface RunRequest extends Asked {
  projectDir: string;
  template: { path: string; source: string };
  seeds: SeedSource;
  count: number;
  dataset: string;
  budget: number | null;
}

/** What the runner's thread can be asked for. */
export interface RunnerCalls {
  generate: { request: RunRequest; result: GenerateDone };
  test: { request: TestRequest; result: EndpointTest };
  /** Installs the engine and a model where they are not there. */
  install: { request: { homes: string[]; model: string | null }; result: null };
}

export type ToRunner =
  | { [K in keyof RunnerCalls]: { type: "call"; id: number; call: K; request: RunnerCalls[K]["request"] } }[keyof RunnerCalls]
  | { type: "cancel"; id: number }
  | { type: "stored"; question: number; value: unknown }
  | { type: "not-stored"; question: number; problem: Problem }
  | { type: "close" };

export type FromRunner =
  | { type: "event"; id: number; event: GenerateEvent }
  | { type: "progress"; id: number; progress: Progress }
  | { type: "done"; id: number; result: unknown }
  | { type: "failed"; id: number; problem: Problem }
  /** The index is asked through the project's own threads, which the server holds. */
  | { type: "store"; id: number; question: number; mode: "read" | "write"; op: string; args: unknown }
  | { type: "cancel-store"; question: number }
  | { type: "log"; level: "warn" | "debug"; text: string };
