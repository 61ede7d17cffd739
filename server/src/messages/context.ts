import type { TextDocument } from "vscode-languageserver-textdocument";
import type { Problem } from "#protocol/errors.ts";
import type { ClientRequests, Params, RequestName, Result, ServerNotifications } from "#protocol/messages.ts";
import type { Runner } from "../runs/runner.ts";
import type { Projects } from "./projects.ts";

/** What the handlers of messages work with. */
export interface ServerContext {
  projects: Projects;
  /** A document as it stands in the editor; undefined where it is not open there. */
  document(uri: string): TextDocument | undefined;
  /** Whether processes and connections may be started. */
  trusted(): boolean;
  /** Who labels and edits. */
  person(): string;
  /** Where the engine is installed and models are kept. */
  storage: string;
  /** Asks models. */
  runner: Runner;
  notify<K extends keyof ServerNotifications>(name: K, params: ServerNotifications[K]): void;
  /** Asks the editor about secrets. */
  secrets: {
    has(name: string): Promise<boolean>;
    /** The value for the server at this origin. */
    get(name: string, origin: string): Promise<ClientRequests["secret/get"]["result"]>;
  };
  log(level: "error" | "warn" | "info" | "debug", text: string): void;
  /** Aborted when the server ends: what nobody waits for ends, too. */
  shutdown: AbortSignal;
  /** Logs a problem that nobody waits for. */
  report(problem: Problem): void;
}

/** What a handler has for one request. */
export interface Call {
  /** Aborted when the client cancels the request or the server shuts down. */
  signal: AbortSignal;
}

/** One group of handlers; every request's name stands in exactly one group. */
export type Handlers<K extends RequestName> = {
  [Name in K]: (context: ServerContext, params: Params<Name>, call: Call) => Promise<Result<Name>>;
};
