/**
 * The messages between the editor (client) and the server, beside those of the Language Server Protocol. On the wire each
 * method is `jiuzhang/<name>`. Every request's parameters are checked by their schema in the server; failures travel as a
 * `Problem` in the error's `data`. Every message that concerns a project names it by its URI.
 */
import type { z } from "zod";
import type { Progress } from "./corpus.ts";
import { type CorpusResults, corpusRequests } from "./messages/corpus.ts";
import { type EndpointResults, endpointRequests } from "./messages/endpoints.ts";
import { type GenerateEvent, type GenerateResults, generateRequests } from "./messages/generate.ts";
import { type PreviewResults, previewRequests } from "./messages/preview.ts";
import { type ProjectNotifications, type ProjectResults, projectRequests } from "./messages/project.ts";

/** Schemas of the parameters of every request from the client to the server. */
export const requestParams = {
  ...projectRequests,
  ...previewRequests,
  ...generateRequests,
  ...corpusRequests,
  ...endpointRequests,
};

type Results = ProjectResults & PreviewResults & GenerateResults & CorpusResults & EndpointResults;

/** Client → server, with an answer. */
export type RequestName = keyof typeof requestParams;
export type Params<K extends RequestName> = z.infer<(typeof requestParams)[K]>;
export type Result<K extends RequestName> = Results[K];

/** Server → client, without an answer. */
export interface ServerNotifications {
  /** Rows, labels or datasets of a project have changed; the names of datasets, or null where all may have. */
  "corpus/changed": { project: string; datasets: string[] | null; reason: "rows" | "labels" | "rebuilt" };
  "generate/event": { project: string; run: string; event: GenerateEvent };
  /** How far the work is that was asked for with this token. */
  progress: { token: string; progress: Progress };
}

/** Server → client, with an answer. */
export interface ClientRequests {
  /** Whether the user has set a secret. Asks nobody, and tells nothing else of it. */
  "secret/has": { params: { name: string }; result: { present: boolean } };
  /**
   * The value of a secret for the server at this origin (scheme, host and port), to which it is bound: the user is asked before it
   * goes to another one. Null where they have not set it, or refuse. Never logged, and never written to a file.
   */
  "secret/get": { params: { name: string; origin: string }; result: { value: string | null; refused: boolean } };
}

/** Client → server, without an answer. */
export type ClientNotifications = ProjectNotifications;
