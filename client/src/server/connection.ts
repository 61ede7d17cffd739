import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { EventEmitter, type ExtensionContext, type LogOutputChannel, workspace } from "vscode";
import type { InitializationOptions } from "#protocol/messages/project.ts";
import type { ServerNotifications } from "#protocol/messages.ts";
import type { Secrets } from "../endpoints/secrets.ts";
import type { SettingsReader } from "../settings/reader.ts";
import { openLife, type ServerLife } from "./life.ts";
import { orAborted } from "./or-aborted.ts";
import type { Server, ServerState } from "./server.ts";
import { createSupervisor } from "./supervisor.ts";
import { createTraceChannel } from "./trace-channel.ts";

/** The language server in its own process, on the Node of the editor. */
export function createServer({
  extension,
  log,
  settings,
  secrets,
}: {
  extension: ExtensionContext;
  log: LogOutputChannel;
  settings: SettingsReader;
  secrets: Pick<Secrets, "has" | "get">;
}): Server {
  const states = new EventEmitter<ServerState>();
  const listeners = new Map<string, Set<(params: never) => void>>();
  const trace = createTraceChannel(log, settings);
  const { extensionPath, globalStorageUri } = extension;

  const initializationOptions = (): InitializationOptions => ({
    trusted: workspace.isTrusted,
    storage: globalStorageUri.fsPath,
    person: settings.get("jiuzhang.person"),
  });

  const supervisor = createSupervisor<ServerLife>({
    async open(ended) {
      return await openLife(
        {
          module: join(extensionPath, "dist", "server", "main.js"),
          cwd: extensionPath,
          log,
          trace,
          initializationOptions: initializationOptions(),
          secrets,
          notified(name, params) {
            for (const listener of listeners.get(name) ?? []) listener(params as never);
          },
        },
        ended,
      );
    },
    now: () => performance.now(),
    pause: wait,
    onState(state) {
      if (state.name === "crashed") log.error(state.problem.message);
      else if (state.name === "starting" && state.after !== null) log.warn(`${state.after.message}. The server is starting again.`);
      else log.info(`The server is ${state.name}.`);
      states.fire(state);
    },
  });

  const followed = [
    trace,
    states,
    workspace.onDidGrantWorkspaceTrust(() => supervisor.current()?.notify("workspace/trusted", {})),
    settings.onChange("jiuzhang.person", () => {
      supervisor.current()?.notify("settings/changed", { person: settings.get("jiuzhang.person") });
    }),
  ];

  return {
    get state() {
      return supervisor.state;
    },
    onState: states.event,
    async request(name, params, signal) {
      const life = await orAborted(supervisor.running(), signal);
      return await life.request(name, params, signal);
    },
    on<K extends keyof ServerNotifications>(name: K, listener: (params: ServerNotifications[K]) => void) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return { dispose: () => void set.delete(listener) };
    },
    async start() {
      await supervisor.running();
    },
    restart: () => supervisor.restart(),
    async close() {
      await supervisor.stop();
      for (const one of followed) one.dispose();
    },
  };
}
