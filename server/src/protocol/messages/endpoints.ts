import { z } from "zod";
import type { Problem } from "../errors.ts";
import { progressToken, project } from "./shapes.ts";

/** What a new endpoint is; `secret` names the key in the editor's secret storage, it is never the key. */
export const newEndpoint = z.strictObject({
  name: z.string().min(1).max(100),
  base_url: z.string().nullable(),
  model: z.string().nullable(),
  embedded: z.boolean(),
  secret: z.string().nullable(),
});
export type NewEndpoint = z.infer<typeof newEndpoint>;

/** Messages about models. Client → server. */
export const endpointRequests = {
  /** The endpoints that `jiuzhang.yaml` declares, and whether each can be used. Nothing is asked over the network. */
  "endpoints/list": z.strictObject({ project: project.nullable() }),
  /** Model servers that run on their usual ports of this machine. */
  "endpoints/discover": z.strictObject({}),
  /** Asks an endpoint for its models and for one short answer. */
  "endpoints/test": z.strictObject({
    project: project.nullable(),
    endpoint: z.union([z.strictObject({ declared: z.string() }), z.strictObject({ given: newEndpoint })]),
    /** False: only its models are asked for. */
    ask: z.boolean().optional(),
  }),
  /**
   * Writes an endpoint into `jiuzhang.yaml`, which keeps its comments; makes the file where there is none. Where the file is open in
   * the editor nothing is written: the answer carries the edit, which the client makes there, so that it can be undone.
   */
  "endpoints/add": z.strictObject({ project, endpoint: newEndpoint }),
  /** Whether the embedded engine and its model are there, and what is missing to install them. */
  "engine/status": z.strictObject({}),
  /** Installs the embedded engine and its model into the extension's storage; hashes are checked. */
  "engine/install": z.strictObject({
    progress: progressToken,
    /** Model of an endpoint: a GGUF file or an `hf:` address, as `engine/not-installed` names it in `data.model`; absent for the default. */
    model: z.string().min(1).nullable().optional(),
  }),
};

export interface EndpointResults {
  "endpoints/list": { endpoints: EndpointSummary[]; file: string; problems: Problem[] };
  "endpoints/discover": { servers: { name: string; baseUrl: string; models: string[] }[] };
  "endpoints/test": EndpointTest;
  "endpoints/add": { file: string; line: number; edit: DocumentEdit | null };
  "engine/status": EngineStatus;
  "engine/install": EngineStatus;
}

/** A part of an open document that is to be replaced, by UTF-16 offsets of this version of it. */
export interface DocumentEdit {
  uri: string;
  version: number;
  start: number;
  end: number;
  text: string;
}

export interface EndpointSummary {
  name: string;
  model: string;
  embedded: boolean;
  /** Where it is served; null for the embedded one. */
  baseUrl: string | null;
  /** Name of the secret or variable that holds the key, and whether there is a value. Null where none is needed. */
  key: { name: string; kind: "secret" | "env"; present: boolean } | null;
  /** Money per million tokens; null where the recipe declares none. */
  price: { prompt: number; completion: number; cached?: number } | null;
  /** Line of the declaration in the recipe; null for the default that no recipe declares. */
  line: number | null;
  /** For an embedded one: whether engine and model are installed. Null for the others. */
  installed: boolean | null;
  /** For an embedded one: its GGUF file or `hf:` address, as `engine/install` takes it. Null for the default model, and for the others. */
  modelFile: string | null;
}

export interface EndpointTest {
  models: string[];
  /** What the model said to a short question; null where it was not asked or failed. */
  answer: { text: string; tokens: number | null; milliseconds: number } | null;
  problem: Problem | null;
}

export interface EngineStatus {
  /** Engine and default model are there. */
  installed: boolean;
  /** About what an installation fetches, or what lies there, in bytes. */
  bytes: number | null;
  model: { file: string; bytes: number } | null;
  /** Why it cannot be installed here, with the way on: no npm, no pip, platform without binaries. */
  problem: Problem | null;
}
