import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setImmediate as turn } from "node:timers/promises";
import type { LogOutputChannel } from "vscode";
import type { ResponseError } from "vscode-languageclient/node";
import type { Problem } from "#protocol/errors.ts";
import type { InitializationOptions } from "#protocol/messages/project.ts";
import type { ClientNotifications, ClientRequests, Params, RequestName, Result, ServerNotifications } from "#protocol/messages.ts";
import { PROBLEM_CODE, SERVER_NOTIFICATIONS, wireName } from "#protocol/wire.ts";
import type { Secrets } from "../endpoints/secrets.ts";
import { DOCUMENT_SCHEMES } from "../project/schemes.ts";
import { createLastWords } from "./last-words.ts";
import { ProblemError } from "./server.ts";
import type { Life } from "./supervisor.ts";

/** A server that has not answered for so long will not. Loading it from a slow network disk may take many seconds. */
const START_MILLISECONDS = 60_000;

export interface LifeOptions {
  /** The server's entry file. */
  module: string;
  /** Its working directory: none of the user's, which it would hold fast on some systems. */
  cwd: string;
  log: LogOutputChannel;
  trace: LogOutputChannel;
  initializationOptions: InitializationOptions;
  secrets: Pick<Secrets, "has" | "get">;
  notified<K extends keyof ServerNotifications>(name: K, params: ServerNotifications[K]): void;
}

export interface ServerLife extends Life {
  /** @throws ProblemError */
  request<K extends RequestName>(name: K, params: Params<K>, signal?: AbortSignal): Promise<Result<K>>;
  notify<K extends keyof ClientNotifications>(name: K, params: ClientNotifications[K]): void;
}

/** Starts a process of the server and waits for its answer. Open documents are sent to it. */
export async function openLife(options: LifeOptions, ended: (problem: Problem) => void): Promise<ServerLife> {
  const { log } = options;
  const {
    CancellationTokenSource,
    CloseAction,
    ErrorAction,
    LSPErrorCodes,
    QuietClient,
    ResponseError,
    RevealOutputChannelOn,
    TransportKind,
  } = await import("./language-client.ts");
  const words = createLastWords();
  const waiting = new Set<(problem: Problem) => void>();
  let child: ChildProcess | undefined;
  let over: Problem | null = null;
  let up = false;

  const finish = (problem: Problem) => {
    if (over !== null) return;
    over = problem;
    for (const reject of waiting) reject(problem);
  };
  const crash = (): Problem => ({
    code: up ? "server/crashed" : "server/start-failed",
    message: `${up ? "The server has crashed" : "The server ended while it started"}: ${words.gist() ?? ending(child)}`,
    remedy: up ? "It starts again by itself: try again." : "Look into the log, then restart the server.",
    data: { stderr: words.lines() },
  });

  const client = new QuietClient(
    "jiuzhang",
    "JiuZhang",
    { module: options.module, transport: TransportKind.ipc, options: { cwd: options.cwd } },
    {
      documentSelector: DOCUMENT_SCHEMES.flatMap((scheme) => [
        { scheme, language: "prompty" },
        { scheme, pattern: "**/jiuzhang.yaml" },
      ]),
      outputChannel: log,
      traceOutputChannel: options.trace,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: options.initializationOptions,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed() {
          const problem = crash();
          finish(problem);
          if (up) ended(problem);
          return { action: CloseAction.DoNotRestart, handled: true, message: "The connection to the server has closed." };
        },
      },
      stdioOptions: {
        stdout: (input) => void createInterface({ input }).on("line", (line) => log.info(line)),
        stderr(input) {
          child = client.serverProcess;
          createInterface({ input }).on("line", (line) => {
            words.add(line);
            log.error(line);
          });
        },
      },
    },
  );
  client.onRequest(wireName("secret/has"), async ({ name }: ClientRequests["secret/has"]["params"]) => ({
    present: await options.secrets.has(name),
  }));
  client.onRequest(wireName("secret/get"), ({ name, origin }: ClientRequests["secret/get"]["params"]) => options.secrets.get(name, origin));
  for (const name of SERVER_NOTIFICATIONS)
    client.onNotification(wireName(name), (params: unknown) => {
      if (over === null) options.notified(name, params as never);
    });

  const tooLong = setTimeout(() => {
    words.add(`It did not answer within ${START_MILLISECONDS / 1_000} seconds.`);
    child?.kill("SIGKILL");
  }, START_MILLISECONDS);
  try {
    await client.start();
  } catch {
    throw new ProblemError(over ?? crash());
  } finally {
    clearTimeout(tooLong);
  }
  up = true;

  const isProblem = (thrown: unknown): thrown is ResponseError<Problem> => thrown instanceof ResponseError && thrown.code === PROBLEM_CODE;
  const toProblemError = (thrown: unknown): ProblemError => {
    if (thrown instanceof ProblemError) return thrown;
    if (isProblem(thrown) && thrown.data !== undefined) return new ProblemError(thrown.data);
    if (thrown instanceof ResponseError && thrown.code === LSPErrorCodes.RequestCancelled)
      return new ProblemError({ code: "cancelled", message: "Cancelled" });
    return new ProblemError({ code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) });
  };

  return {
    async request(name, params, signal) {
      // A change of a document is told to everybody who listens at once; the server has to hear of it before it is asked.
      await turn();
      const cancel = new CancellationTokenSource();
      const stop = () => cancel.cancel();
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop, { once: true });
      let giveUp: (problem: Problem) => void = () => {};
      const gone = new Promise<never>((_, reject) => {
        giveUp = (problem) => reject(new ProblemError(problem));
        if (over !== null) giveUp(over);
      });
      waiting.add(giveUp);
      try {
        return await Promise.race([client.sendRequest<Result<typeof name>>(wireName(name), params, cancel.token), gone]);
      } catch (thrown) {
        throw over !== null && !isProblem(thrown) ? new ProblemError(over) : toProblemError(thrown);
      } finally {
        waiting.delete(giveUp);
        signal?.removeEventListener("abort", stop);
        cancel.dispose();
      }
    },
    notify(name, params) {
      client.sendNotification(wireName(name), params).catch((thrown) => log.warn(`“${name}” did not reach the server: ${thrown}`));
    },
    async stop(why) {
      finish(why);
      await client.dispose().catch((thrown) => log.warn(`The server did not end in order: ${thrown}`));
    },
  };
}

/** How a process ended that had nothing to say. */
function ending(child: ChildProcess | undefined): string {
  const signal = child?.signalCode ?? null;
  if (signal !== null) return `it was ended by ${signal}`;
  const code = child?.exitCode ?? null;
  return code === null ? "its connection has closed" : `it ended with exit code ${code}`;
}
