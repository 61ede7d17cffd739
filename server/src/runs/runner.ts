import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Progress } from "#protocol/corpus.ts";
import { AppError, fail, type Problem, toProblem } from "#protocol/errors.ts";
import type { EndpointTest } from "#protocol/messages/endpoints.ts";
import type { GenerateDone, GenerateEvent } from "#protocol/messages/generate.ts";
import { jobsDirectory } from "../jobs/layout.ts";
import { abandonDirectory } from "../jobs/own-directory.ts";
import type { CorpusStore } from "../thread.ts";
import type { FromRunner, RunnerCalls, RunRequest, TestRequest, ToRunner } from "./runner-messages.ts";

/** The near side of the thread in which an editor's server asks models. It is started by the first call. */
export interface Runner {
  /** @throws what `watchedRun` throws */
  generate(
    request: RunRequest,
    watch: { store: CorpusStore; onEvent(event: GenerateEvent): void; signal: AbortSignal },
  ): Promise<GenerateDone>;
  /** @throws cancelled; whatever is wrong with the endpoint is in the answer */
  test(request: TestRequest, signal: AbortSignal): Promise<EndpointTest>;
  /** Installs engine and model of an embedded endpoint where they are not there. @throws engine/…, cancelled */
  install(request: RunnerCalls["install"]["request"], watch: { onProgress(progress: Progress): void; signal: AbortSignal }): Promise<void>;
  /** Stops everything in order; what has been received is kept and taken in. */
  close(): Promise<void>;
}

interface Call {
  resolve(value: never): void;
  reject(reason: unknown): void;
  watch: { store: CorpusStore; onEvent(event: GenerateEvent): void } | null;
  onProgress?: (progress: Progress) => void;
  projectDir: string | null;
  /** The job that the call runs, as soon as there is one. */
  job: string | null;
}

export function createRunner(entry: string, log: (level: "error" | "warn" | "debug", text: string) => void): Runner {
  const calls = new Map<number, Call>();
  const questions = new Map<number, AbortController>();
  let worker: Worker | null = null;
  let next = 1;

  const post = (message: ToRunner) => worker?.postMessage(message);

  const store = async ({ id, question, mode, op, args }: FromRunner & { type: "store" }) => {
    const asked = calls.get(id)?.watch?.store;
    const abort = new AbortController();
    questions.set(question, abort);
    try {
      if (asked === undefined) throw fail("index/unavailable", "The run that asks has ended");
      const ask = asked[mode] as (op: string, args: unknown, options: { signal: AbortSignal }) => Promise<unknown>;
      const value = await ask(op, args, { signal: abort.signal });
      post({ type: "stored", question, value });
    } catch (thrown) {
      post({ type: "not-stored", question, problem: toProblem(thrown) });
    } finally {
      questions.delete(question);
    }
  };

  const receive = (message: FromRunner) => {
    switch (message.type) {
      case "event": {
        const call = calls.get(message.id);
        if (call !== undefined && message.event.type === "plan") call.job = message.event.job;
        call?.watch?.onEvent(message.event);
        break;
      }
      case "progress":
        calls.get(message.id)?.onProgress?.(message.progress);
        break;
      case "done":
        calls.get(message.id)?.resolve(message.result as never);
        break;
      case "failed":
        calls.get(message.id)?.reject(new AppError(message.problem));
        break;
      case "store":
        void store(message);
        break;
      case "cancel-store":
        questions.get(message.question)?.abort();
        break;
      case "log":
        log(message.level, message.text);
    }
  };

  /** The thread is gone: whoever waits is told, and the jobs that it ran are free for the next who wants them. */
  const died = async (cause: unknown) => {
    worker = null;
    const left = [...calls.values()];
    const problem: Problem = {
      code: "internal",
      message: `The part of the server that asks models stopped${cause instanceof Error ? `: ${cause.message}` : ""}`,
      remedy: "Generate again: what was received is kept, and only what is missing is asked.",
    };
    if (left.length > 0) log("error", problem.message);
    for (const { projectDir, job } of left)
      if (projectDir !== null && job !== null)
        await abandonDirectory(join(jobsDirectory(projectDir), job)).catch((thrown) => log("warn", toProblem(thrown).message));
    for (const call of left) call.reject(new AppError(problem));
  };

  const started = (): Worker => {
    if (worker !== null) return worker;
    const fresh = new Worker(entry);
    // It lives as long as the server has something to do.
    fresh.unref();
    let cause: unknown;
    fresh.on("message", receive);
    fresh.on("error", (error) => {
      cause = error;
    });
    fresh.once("exit", () => void died(cause));
    worker = fresh;
    return fresh;
  };

  const call = async <K extends keyof RunnerCalls>(
    name: K,
    request: RunnerCalls[K]["request"],
    { signal, ...about }: Pick<Call, "watch" | "projectDir" | "onProgress"> & { signal: AbortSignal },
  ): Promise<RunnerCalls[K]["result"]> => {
    signal.throwIfAborted();
    const thread = started();
    const id = next++;
    const cancel = () => post({ type: "cancel", id });
    const answer = new Promise<RunnerCalls[K]["result"]>((resolve, reject) => calls.set(id, { resolve, reject, job: null, ...about }));
    thread.postMessage({ type: "call", id, call: name, request } as ToRunner);
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await answer;
    } finally {
      calls.delete(id);
      signal.removeEventListener("abort", cancel);
    }
  };

  return {
    generate: (request, { store, onEvent, signal }) =>
      call("generate", request, { watch: { store, onEvent }, projectDir: request.projectDir, signal }),
    test: (request, signal) => call("test", request, { watch: null, projectDir: null, signal }),
    async install(request, { onProgress, signal }) {
      await call("install", request, { watch: null, projectDir: null, onProgress, signal });
    },
    async close() {
      const thread = worker;
      if (thread === null) return;
      const gone = new Promise((resolve) => thread.once("exit", resolve));
      post({ type: "close" });
      await gone;
    },
  };
}
