import { parentPort } from "node:worker_threads";
import { AppError, formatProblem, type Problem, toProblem } from "#protocol/errors.ts";
import type { CorpusStore } from "../thread.ts";
import { askOnce } from "./ask-once.ts";
import { checkModel, prepareEmbedded, startEmbedded } from "./embedded.ts";
import { installHome } from "./engine-home.ts";
import type { FromRunner, RunnerCalls, ToRunner } from "./runner-messages.ts";
import { createWarmEngines } from "./warm-engines.ts";
import { watchedRun } from "./watched-run.ts";

/** How long an embedded model stays loaded after its last answer. */
const IDLE_MS = 5 * 60_000;

/** Runs inside the runner's thread until it is told to close. */
export function serveRunner(): void {
  const port = parentPort;
  if (port === null) throw new Error("This file is the entry of a thread and does nothing by itself");
  const post = (message: FromRunner) => port.postMessage(message);
  const log = (level: "warn" | "debug", text: string) => post({ type: "log", level, text });
  const report = (problem: Problem) => log("warn", formatProblem(problem));
  const life = new AbortController();
  const engines = createWarmEngines(async ({ model, home, threads }) => {
    await checkModel({ model_file: model.path, model_sha256: model.sha256, adapter: model.adapter }, { home, signal: life.signal });
    return await startEmbedded(model, {
      home,
      ...(threads === undefined ? {} : { threads }),
      idleSeconds: 0,
      signal: life.signal,
      onLog: (line) => log("debug", `engine: ${line}`),
    });
  }, IDLE_MS);
  const running = new Map<number, { abort: AbortController; ended: Promise<void> }>();
  const store = remoteStore(post);

  const perform: { [K in keyof RunnerCalls]: (id: number, request: RunnerCalls[K]["request"], signal: AbortSignal) => Promise<unknown> } = {
    generate: (id, request, signal) =>
      watchedRun(request, { store: store.of(id), engines, signal, report, onEvent: (event) => post({ type: "event", id, event }) }),
    test: (_id, request, signal) => askOnce(request, { engines, signal }),
    async install(id, { homes, model }, signal) {
      const home = await installHome(homes, signal);
      await prepareEmbedded({
        home,
        source: model ?? undefined,
        signal,
        onProgress: (progress) => post({ type: "progress", id, progress }),
      });
      return null;
    },
  };

  port.on("message", (message: ToRunner) => {
    if (message.type === "call") {
      const abort = new AbortController();
      const { id, call, request } = message;
      const ended = perform[call](id, request as never, abort.signal)
        .then(
          (result) => post({ type: "done", id, result }),
          (thrown) => post({ type: "failed", id, problem: toProblem(thrown) }),
        )
        .finally(() => running.delete(id));
      running.set(id, { abort, ended });
    } else if (message.type === "cancel") running.get(message.id)?.abort.abort();
    else if (message.type === "close") void close();
    else store.answered(message);
  });

  const close = async () => {
    for (const { abort } of running.values()) abort.abort();
    await Promise.all([...running.values()].map(({ ended }) => ended));
    // An engine that is still being started is not waited for.
    life.abort();
    await engines.close();
    port.close();
  };
}

/** The project's index, asked through the server, which holds its threads. */
function remoteStore(post: (message: FromRunner) => void) {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(reason: unknown): void }>();
  let next = 1;
  const asker =
    (id: number, mode: "read" | "write") =>
    (op: string, args: unknown, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<unknown> => {
      const question = next++;
      const cancel = () => post({ type: "cancel-store", question });
      const answer = new Promise<unknown>((resolve, reject) => waiting.set(question, { resolve, reject }));
      post({ type: "store", id, question, mode, op, args });
      if (signal?.aborted) cancel();
      signal?.addEventListener("abort", cancel, { once: true });
      return answer.finally(() => signal?.removeEventListener("abort", cancel));
    };
  return {
    of(id: number): CorpusStore {
      const read = asker(id, "read") as CorpusStore["read"];
      const write = asker(id, "write") as CorpusStore["write"];
      return { read, write, close: async () => {} };
    },
    answered(message: ToRunner & { type: "stored" | "not-stored" }): void {
      const asked = waiting.get(message.question);
      waiting.delete(message.question);
      if (message.type === "stored") asked?.resolve(message.value);
      else asked?.reject(new AppError(message.problem));
    },
  };
}
