import type { Disposable, Event } from "vscode";
import type { Problem } from "#protocol/errors.ts";
import type { Params, RequestName, Result, ServerNotifications } from "#protocol/messages.ts";
import type { Action } from "../problems/actions.ts";

/** `starting` after a crash tells which; `crashed` means that it crashed too often to be started again by itself. */
export type ServerState =
  | { name: "stopped" }
  | { name: "starting"; after: Problem | null }
  | { name: "ready" }
  | { name: "crashed"; problem: Problem };

/** The server as the rest of the client sees it. It is started by the first request and survives its own crashes. */
export interface Server {
  readonly state: ServerState;
  readonly onState: Event<ServerState>;
  /** @throws ProblemError; with `cancelled` when the signal was raised, with `server/crashed` or `server/stopped` when the server went away meanwhile. */
  request<K extends RequestName>(name: K, params: Params<K>, signal?: AbortSignal): Promise<Result<K>>;
  on<K extends keyof ServerNotifications>(name: K, listener: (params: ServerNotifications[K]) => void): Disposable;
  /** Makes sure that it runs. @throws ProblemError */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it in order, for good. */
  close(): Promise<void>;
}

/** A failed request, with the problem that the server sent. */
export class ProblemError extends Error {
  readonly problem: Problem;
  /** Buttons that lead on, before those that every problem of its code has. */
  readonly actions: readonly Action[];
  constructor(problem: Problem, actions: readonly Action[] = []) {
    super(problem.message);
    this.problem = problem;
    this.actions = actions;
  }
}
