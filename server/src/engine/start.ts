import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { fail } from "#protocol/errors.ts";
import { DEFAULT_CONTEXT_TOKENS, DEFAULT_PARALLEL, defaultThreads, type EngineSettings, type EngineStarted } from "./settings.ts";

export interface StartOptions {
  /** The engine's script: `dist/server/engine.js`, or its source. */
  entry: string;
  engineDir: string;
  modelFile: string;
  /** A LoRA adapter for the model, as a GGUF file. */
  adapterFile?: string;
  /** Of the model, and of its adapter where it has one. */
  modelSha256: string;
  threads?: number;
  parallel?: number;
  contextTokens?: number;
  /** Seconds without a request after which the engine ends by itself; 0 for never. */
  idleSeconds: number;
  /** Absent for any free port. */
  port?: number;
  /** Absent for a new one. */
  token?: string;
  /** Stops the start, and after it the engine. */
  signal: AbortSignal;
  onLog: (line: string) => void;
}

export interface EngineExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunningEngine {
  baseUrl: string;
  token: string;
  /** The id under which `/v1/models` lists the model. */
  model: string;
  contextTokens: number;
  pid: number;
  exited: Promise<EngineExit>;
  /** Ends the engine and waits until it is gone. */
  stop(): Promise<EngineExit>;
}

/**
 * Starts the engine's process and waits until it answers. The process ends with ours, however ours ends.
 * @throws engine/port-taken, engine/start-failed
 */
export async function startEngine(options: StartOptions): Promise<RunningEngine> {
  options.signal.throwIfAborted();
  const token = options.token ?? randomBytes(24).toString("base64url");
  const settings: EngineSettings = {
    engineDir: options.engineDir,
    modelFile: options.modelFile,
    modelSha256: options.modelSha256,
    ...(options.adapterFile === undefined ? {} : { adapterFile: options.adapterFile }),
    threads: options.threads ?? defaultThreads(),
    parallel: options.parallel ?? DEFAULT_PARALLEL,
    contextTokens: options.contextTokens ?? DEFAULT_CONTEXT_TOKENS,
    idleSeconds: options.idleSeconds,
    port: options.port ?? 0,
    token,
  };
  // Inside an editor the running program is Electron; as Node it takes a script.
  const child = spawn(process.execPath, [options.entry], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    windowsHide: true,
  });
  const tail: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (tail.push(line) > 20) tail.shift();
    options.onLog(line);
  });
  const exited = new Promise<EngineExit>((resolve) => {
    child.once("error", (error) => {
      tail.push(error.message);
      resolve({ code: null, signal: null });
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const stop = createStop(child, exited);
  const onAbort = () => void stop();
  options.signal.addEventListener("abort", onAbort, { once: true });
  void exited.then(() => options.signal.removeEventListener("abort", onAbort));
  // A child that dies while we write is told by its exit.
  child.stdin.on("error", () => {});
  child.stdin.write(`${JSON.stringify(settings)}\n`);

  const started = await firstLine(child, exited);
  options.signal.throwIfAborted();
  if (started?.ready !== true) {
    const exit = await stop();
    throw startFailed(settings, started, exit, tail);
  }
  letGo(child);
  return {
    baseUrl: `http://127.0.0.1:${started.port}/v1`,
    token,
    model: started.model,
    contextTokens: started.contextTokens,
    pid: child.pid ?? 0,
    exited,
    stop,
  };
}

/** The engine says one line on stdout; whatever else a library may print there is skipped. */
function firstLine(child: ChildProcess, exited: Promise<EngineExit>): Promise<EngineStarted | null> {
  return new Promise((resolve) => {
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.startsWith('{"ready":')) resolve(JSON.parse(line));
      });
    void exited.then(() => resolve(null));
  });
}

const PATIENCE_MS = 5_000;

/** Closing stdin is the polite way on every platform; an engine deep in a computation that does not listen is killed. */
function createStop(child: ChildProcess, exited: Promise<EngineExit>): () => Promise<EngineExit> {
  return async () => {
    child.stdin?.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };
}

/** A running engine does not keep our process alive: when we have nothing else to do, we end, and it ends with us. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as unknown as { unref?: () => void } | null)?.unref?.();
}

function startFailed(settings: EngineSettings, started: EngineStarted | null, exit: EngineExit, tail: string[]) {
  const said = started?.ready === false ? started.error : undefined;
  const errno = started?.ready === false ? started.errno : null;
  if (errno === "EADDRINUSE" || errno === "EACCES")
    return fail(
      "engine/port-taken",
      errno === "EACCES" ? `Port ${settings.port} is not ours to use` : `Port ${settings.port} is in use by another program`,
      {
        remedy: "Give another port, or none: the engine then takes any free one.",
        data: { port: settings.port },
      },
    );
  const last = tail.slice(-8).join("\n");
  const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  const reason = said ?? tail.findLast((line) => line.trim() !== "");
  return fail("engine/start-failed", `The embedded engine did not start (${how})${reason === undefined ? "" : `: ${reason}`}`, {
    where: { file: settings.modelFile },
    remedy: /memory|SIGKILL/i.test(`${reason} ${exit.signal}`)
      ? "It needs more memory than there is: take a smaller model, or fewer requests at a time."
      : "Check the model with `jiuzhang doctor`, or use another server: --base-url URL --model NAME.",
    data: { stderr: last, ...exit },
  });
}
