import type { EventEmitter, ExtensionContext, LogOutputChannel } from "vscode";
import type { Secrets } from "./endpoints/secrets.ts";
import type { Generations } from "./generate/generations.ts";
import type { ProjectFinder } from "./project/finder.ts";
import type { Server } from "./server/server.ts";
import type { SettingsReader } from "./settings/reader.ts";
import type { Status } from "./status/status.ts";

/**
 * What every feature of the client works with. A feature has one function `register<Feature>(context: ClientContext): void`, which
 * `extension.ts` calls at activation: it registers and returns, and starts nothing before it is needed. What it must dispose of goes
 * into `context.extension.subscriptions`. Commands are registered by `registerCommand` and problems are shown by `showProblem`.
 */
export interface ClientContext {
  extension: ExtensionContext;
  log: LogOutputChannel;
  /** Started by the first request; its `onState` says when it went and when it is back. */
  server: Server;
  projects: ProjectFinder;
  /** The one item in the status bar: a feature says there what it is busy with. */
  status: Status;
  settings: SettingsReader;
  /** Keys of endpoints. */
  secrets: Secrets;
  /** Fired by whoever changes what endpoints there are or whether they can be used; keys, settings and the recipe tell of themselves. */
  endpointsChanged: EventEmitter<void>;
  /** Asks models; knows what this window is asking. */
  generations: Generations;
}
