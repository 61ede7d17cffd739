import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import {
  CancellationTokenSource,
  createMessageConnection,
  type Diagnostic,
  type MessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { AppError, type Problem } from "#protocol/errors.ts";
import type { InitializationOptions } from "#protocol/messages/project.ts";
import type { ClientRequests, Params, RequestName, Result, ServerNotifications } from "#protocol/messages.ts";
import { PROBLEM_CODE, SERVER_NOTIFICATIONS, wireName } from "#protocol/wire.ts";
import { root } from "../../scripts/root.ts";

/** How long a test waits for something that should come at once, on a slow machine under load. */
const PATIENCE_MS = 60_000;

export interface StartOptions extends Partial<InitializationOptions> {
  env?: Record<string, string>;
  /** Values of secrets, as the editor's storage would give them. */
  secrets?: Record<string, string>;
  /** An origin to which the user gives no key. */
  refuse?: string;
  /** The server's entry file, where it is not the one that was just built. */
  entry?: string;
}

/** What the server sent by itself. */
export interface Sent<K extends keyof ServerNotifications = keyof ServerNotifications> {
  name: K;
  params: ServerNotifications[K];
}

/** The built server, driven over standard input and output as any editor could. */
export interface ServerProcess {
  readonly child: ChildProcess;
  readonly connection: MessageConnection;
  /** Everything that the server sent by itself so far, in order. */
  readonly notifications: Sent[];
  /** The secrets that it asked for, by name and origin. */
  readonly asked: string[];
  /** What it wrote to its log and to standard error. */
  readonly log: string[];
  /** @throws AppError with the problem that the server sent */
  request<K extends RequestName>(name: K, params: Params<K>, signal?: AbortSignal): Promise<Result<K>>;
  /** A request of any shape. */
  raw(method: string, params: unknown): Promise<unknown>;
  open(uri: string, text: string, languageId?: string): void;
  /** Replaces the whole text of an open document. */
  change(uri: string, text: string): void;
  /** Replaces a part of an open document, as a keystroke does. */
  edit(uri: string, range: Range, text: string): void;
  closeDocument(uri: string): void;
  /** The version that the document has now. */
  version(uri: string): number;
  trust(): void;
  /** The first notification, past or future, that fulfils the condition. */
  seen<K extends keyof ServerNotifications>(name: K, when?: (params: ServerNotifications[K]) => boolean): Promise<ServerNotifications[K]>;
  /** Diagnostics of a document at its present version. */
  diagnostics(uri: string): Promise<Diagnostic[]>;
  /** Ends it in order and gives its exit code. */
  stop(): Promise<number | null>;
}

interface Range {
  start: { line: number; character: number };
  end: { line: number; character: number };
}

/** Starts the built server; it ends with the test. */
export async function startServer(
  t: Pick<TestContext, "after">,
  { env = {}, secrets = {}, refuse, entry = join(root, "dist", "server", "main.js"), ...given }: StartOptions = {},
): Promise<ServerProcess> {
  const { OPENAI_API_KEY: _, JIUZHANG_API_KEY: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [entry, "--stdio"], { env: { ...inherited, ...env } });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  const notifications: Sent[] = [];
  const asked: string[] = [];
  const log: string[] = [];
  const versions = new Map<string, number>();
  const published = new Map<string, { version: number | undefined; diagnostics: Diagnostic[] }>();
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  child.stderr.on("data", (chunk: Buffer) => log.push(chunk.toString()));
  // A server that dies leaves a pipe behind that nobody reads; whoever waits for an answer hears of it.
  child.stdin.on("error", () => {});
  connection.onNotification("window/logMessage", ({ message }: { message: string }) => void log.push(message));
  connection.onNotification(
    "textDocument/publishDiagnostics",
    ({ uri, version, diagnostics }: { uri: string; version?: number; diagnostics: Diagnostic[] }) => {
      published.set(uri, { version, diagnostics });
      wake();
    },
  );
  for (const name of SERVER_NOTIFICATIONS)
    connection.onNotification(wireName(name), (params: ServerNotifications[typeof name]) => {
      notifications.push({ name, params });
      wake();
    });
  connection.onRequest(wireName("secret/has"), ({ name }: ClientRequests["secret/has"]["params"]) => ({ present: name in secrets }));
  connection.onRequest(wireName("secret/get"), ({ name, origin }: ClientRequests["secret/get"]["params"]) => {
    asked.push(`${name} for ${origin}`);
    const refused = origin === refuse;
    return { value: refused ? null : (secrets[name] ?? null), refused };
  });
  connection.listen();
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
    connection.dispose();
  });

  /** Looks again whenever something has come, until there is an answer. */
  const until = <T>(what: string, look: () => T | undefined): Promise<T> => {
    const found = look();
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const finish = (end: () => void) => {
        waiting.delete(attempt);
        clearTimeout(timer);
        child.off("exit", died);
        end();
      };
      const died = () => finish(() => reject(new Error(`The server ended while ${what} was awaited\n${log.join("\n")}`)));
      const timer = setTimeout(() => finish(() => reject(new Error(`${what} did not come\n${log.join("\n")}`))), PATIENCE_MS);
      const attempt = () => {
        const now = look();
        if (now !== undefined) finish(() => resolve(now));
      };
      waiting.add(attempt);
      child.once("exit", died);
    });
  };

  const initializationOptions = { trusted: true, storage: null, person: "tester", ...given };
  await connection.sendRequest("initialize", { processId: process.pid, rootUri: null, capabilities: {}, initializationOptions });
  await connection.sendNotification("initialized", {});

  const next = (uri: string): number => {
    const version = (versions.get(uri) ?? 0) + 1;
    versions.set(uri, version);
    return version;
  };
  const notify = (method: string, params: object) => void connection.sendNotification(method, params);

  return {
    child,
    connection,
    notifications,
    asked,
    log,
    async request(name, params, signal) {
      const cancel = new CancellationTokenSource();
      const stop = () => cancel.cancel();
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop, { once: true });
      try {
        return await connection.sendRequest(wireName(name), params, cancel.token);
      } catch (thrown) {
        if (thrown instanceof ResponseError && thrown.code === PROBLEM_CODE) throw new AppError(thrown.data as Problem, { cause: thrown });
        throw thrown;
      } finally {
        signal?.removeEventListener("abort", stop);
        cancel.dispose();
      }
    },
    raw: (method, params) => connection.sendRequest(method, params),
    open: (uri, text, languageId = "prompty") =>
      notify("textDocument/didOpen", { textDocument: { uri, languageId, version: next(uri), text } }),
    change: (uri, text) => notify("textDocument/didChange", { textDocument: { uri, version: next(uri) }, contentChanges: [{ text }] }),
    edit: (uri, range, text) =>
      notify("textDocument/didChange", { textDocument: { uri, version: next(uri) }, contentChanges: [{ range, text }] }),
    closeDocument: (uri) => notify("textDocument/didClose", { textDocument: { uri } }),
    version: (uri) => versions.get(uri) ?? 0,
    trust: () => notify(wireName("workspace/trusted"), {}),
    seen: <K extends keyof ServerNotifications>(name: K, when: (params: ServerNotifications[K]) => boolean = () => true) =>
      until(`the notification “${name}”`, () => {
        const found = notifications.find((sent): sent is Sent<K> => sent.name === name && when(sent.params as ServerNotifications[K]));
        return found?.params;
      }),
    diagnostics: (uri) =>
      until(`diagnostics of ${uri}`, () => {
        const last = published.get(uri);
        return last?.version === versions.get(uri) ? last?.diagnostics : undefined;
      }),
    async stop() {
      await connection.sendRequest("shutdown");
      await connection.sendNotification("exit");
      return await ended;
    },
  };
}

/** The problem that a request ends with. Fails where it is answered. */
export async function problemOf(request: Promise<unknown>): Promise<Problem> {
  try {
    await request;
  } catch (thrown) {
    assert.ok(thrown instanceof AppError, `not a problem: ${String(thrown)}`);
    return thrown.problem;
  }
  return assert.fail("it was answered");
}

/** A folder with the given files, gone after the test. Real paths, so that URIs compare equal. */
export function folder(t: Pick<TestContext, "after">, files: Record<string, string | Uint8Array> = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), "jiuzhang-protocol-"));
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 10 }));
  const put = (name: string, content: string | Uint8Array): string => {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  for (const [name, content] of Object.entries(files)) put(name, content);
  return { path, project: pathToFileURL(path).href, put, uri: (name) => pathToFileURL(join(path, name)).href };
}

export interface Folder {
  path: string;
  /** The folder as messages name a project. */
  project: string;
  /** Writes a file and gives its path. */
  put(name: string, content: string | Uint8Array): string;
  uri(name: string): string;
}
