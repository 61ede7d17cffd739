import { join } from "node:path";
import { EventEmitter, type ExtensionContext, type LogOutputChannel, workspace } from "vscode";
import { CancellationTokenSource, LanguageClient, ResponseError, State, TransportKind } from "vscode-languageclient/node";
import type { Problem } from "#protocol/errors.ts";
import type { InitializationOptions } from "#protocol/messages/project.ts";
import type { ServerNotifications } from "#protocol/messages.ts";
import { PROBLEM_CODE, wireName } from "#protocol/wire.ts";
import { ProblemError, type Server, type ServerState } from "./server.ts";

/** The language server in its own process. */
export function createServer(context: ExtensionContext, log: LogOutputChannel): Server {
  const states = new EventEmitter<ServerState>();
  const listeners = new Map<string, Set<(params: never) => void>>();
  let state: ServerState = { name: "stopped" };
  let starting: Promise<LanguageClient> | null = null;

  const become = (next: ServerState) => {
    state = next;
    states.fire(next);
  };

  const initializationOptions = (): InitializationOptions => ({
    trusted: workspace.isTrusted,
    storage: context.globalStorageUri.fsPath,
    person: null,
  });

  async function open(): Promise<LanguageClient> {
    become({ name: "starting", after: null });
    const module = join(context.extensionPath, "dist", "server", "main.js");
    const client = new LanguageClient(
      "jiuzhang",
      "JiuZhang",
      { module, transport: TransportKind.ipc },
      { documentSelector: [{ language: "prompty" }], outputChannel: log, initializationOptions },
    );
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) become({ name: "ready" });
    });
    client.onRequest(wireName("secret/get"), async ({ name }: { name: string }) => ({ value: (await context.secrets.get(name)) ?? null }));
    for (const name of ["corpus/changed", "generate/event", "progress"] as const)
      client.onNotification(wireName(name), (params: ServerNotifications[typeof name]) => {
        for (const listener of listeners.get(name) ?? []) listener(params as never);
      });
    await client.start();
    return client;
  }

  const running = (): Promise<LanguageClient> => {
    starting ??= open();
    return starting;
  };

  return {
    get state() {
      return state;
    },
    onState: states.event,
    async request(name, params, signal) {
      const client = await running();
      const cancel = new CancellationTokenSource();
      const stop = () => cancel.cancel();
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop, { once: true });
      try {
        return await client.sendRequest(wireName(name), params, cancel.token);
      } catch (thrown) {
        throw toProblemError(thrown);
      } finally {
        signal?.removeEventListener("abort", stop);
        cancel.dispose();
      }
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener as (params: never) => void));
      return { dispose: () => void set.delete(listener as (params: never) => void) };
    },
    async start() {
      await running();
    },
    async restart() {
      await (await starting)?.restart();
    },
    dispose() {
      states.dispose();
      void starting?.then((client) => client.dispose());
    },
  };
}

function toProblemError(thrown: unknown): ProblemError {
  if (thrown instanceof ResponseError && thrown.code === PROBLEM_CODE) return new ProblemError(thrown.data as Problem);
  return new ProblemError({ code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) });
}
