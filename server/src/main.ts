import { userInfo } from "node:os";
import { createConnection, ProposedFeatures, TextDocumentSyncKind, TextDocuments } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { formatProblem, toProblem } from "#protocol/errors.ts";
import type { InitializationOptions } from "#protocol/messages/project.ts";
import type { ClientRequests, ServerNotifications } from "#protocol/messages.ts";
import { wireName } from "#protocol/wire.ts";
import { entries } from "./entries.ts";
import { serveDiagnostics } from "./language/serve-diagnostics.ts";
import { RECIPE_CAPABILITIES, serveRecipe } from "./language/serve-recipe.ts";
import type { ServerContext } from "./messages/context.ts";
import { serveRequests } from "./messages/dispatch.ts";
import { followJobs } from "./messages/follow-jobs.ts";
import { handlers } from "./messages/handlers.ts";
import { createProjects } from "./messages/projects.ts";
import { cacheDir } from "./project/cache.ts";
import { createRunner } from "./runs/runner.ts";
import { VERSION } from "./version.ts";

/**
 * The face for editors: a language server over the transport that the command line names (`--node-ipc` from VS Code, `--stdio`
 * for anybody else). Nothing long runs on this thread: rows are read in the store's threads, jobs in their own processes.
 */
const connection = createConnection(ProposedFeatures.all);
const documents = new TextDocuments(TextDocument);
const shutdown = new AbortController();
const projects = createProjects((project, app) => followJobs(context, project, app));
const runner = createRunner(entries.runner, (level, text) => context.log(level, text));
let options: InitializationOptions = { trusted: false, storage: null, person: null };

const context: ServerContext = {
  projects,
  document: (uri) => documents.get(uri),
  trusted: () => options.trusted,
  person: () => options.person ?? accountName(),
  get storage() {
    return options.storage ?? cacheDir();
  },
  runner,
  shutdown: shutdown.signal,
  notify: <K extends keyof ServerNotifications>(name: K, params: ServerNotifications[K]) =>
    void connection.sendNotification(wireName(name), params),
  secrets: {
    async has(name) {
      const { present } = await connection.sendRequest<ClientRequests["secret/has"]["result"]>(wireName("secret/has"), { name });
      return present;
    },
    get: (name, origin) => connection.sendRequest<ClientRequests["secret/get"]["result"]>(wireName("secret/get"), { name, origin }),
  },
  log(level, text) {
    const write = {
      error: connection.console.error,
      warn: connection.console.warn,
      info: connection.console.info,
      debug: connection.console.debug,
    };
    write[level].call(connection.console, text);
  },
  report: (problem) => connection.console.warn(formatProblem(problem)),
};

/** The account's name; a container may run under a number that has none. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? "me";
  }
}

connection.onInitialize(({ initializationOptions }) => {
  options = { ...options, ...(initializationOptions as Partial<InitializationOptions> | undefined) };
  return {
    capabilities: { textDocumentSync: TextDocumentSyncKind.Incremental, ...RECIPE_CAPABILITIES },
    serverInfo: { name: "jiuzhang", version: VERSION },
  };
});
connection.onNotification(wireName("workspace/trusted"), () => {
  options = { ...options, trusted: true };
});
connection.onNotification(wireName("settings/changed"), ({ person }: { person: string | null }) => {
  options = { ...options, person };
});
connection.onShutdown(async () => {
  shutdown.abort();
  // What was received of runs that are stopped now is still taken in.
  await runner.close();
  await projects.close();
});
// An editor that has died closes the pipe; jobs go on without us, and the index is closed in order.
process.on("disconnect", () => process.exit());
process.on("unhandledRejection", (reason) => context.report(toProblem(reason)));

serveRequests(connection, context, handlers, shutdown.signal);
serveDiagnostics(connection, documents);
serveRecipe(connection, documents);
documents.listen(connection);
connection.listen();
