import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import type { EventLine } from "#protocol/files/events.ts";
import type { JobFile, SendSpec } from "#protocol/files/job.ts";
import type { ResponseLine } from "#protocol/files/shards.ts";
import { readLines } from "../../server/src/files/lines.ts";
import { createJob } from "../../server/src/jobs/create-job.ts";
import { shardFiles } from "../../server/src/jobs/layout.ts";
import { sharedDataDir } from "../shared-data.ts";
import { marked, specOf } from "./requests.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The benchmark stub, which counts what a client paid for, or null where it does not lie beside the shared data. */
export const stubFile: string | null =
  sharedDataDir === null ? null : ([join(sharedDataDir, "..", "bench", "stub.mjs")].find((path) => existsSync(path)) ?? null);
export const withoutStub: string | false = stubFile === null ? "the stub does not lie beside the shared data folder" : false;

/** A folder that is gone after the tests of the file. */
export function scratch(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "jiuzhang-pipe-"));
  return {
    path,
    remove() {
      // A failed test may have left a program behind that waits for ever.
      for (const child of running) child.kill("SIGKILL");
      rmSync(path, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

const running = new Set<ChildProcess>();

const bundles = new Map<string, string>();
let bundleFolder: string | null = null;

/** A program as one file, built once per test process, because a crash loop starts it a hundred times. `source` is relative to the project. */
export function bundle(source: string): string {
  const built = bundles.get(source);
  if (built !== undefined) return built;
  if (bundleFolder === null) {
    const folder = mkdtempSync(join(root, "node_modules", ".pipe-test-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    bundleFolder = folder;
  }
  const outfile = join(bundleFolder, `${bundles.size}.js`);
  buildSync({
    entryPoints: [join(root, source)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["node-llama-cpp", "better-sqlite3"],
    banner: { js: 'import { createRequire as __r } from "node:module"; const require = __r(import.meta.url);' },
    logLevel: "error",
  });
  bundles.set(source, outfile);
  return outfile;
}

/** The real send.ts. */
export const sendFile = (): string => bundle("server/src/send.ts");

export interface Ended {
  code: number | null;
  signal: string | null;
  stderr: string;
  stdout: string;
}

export interface RunningSend {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** Runs a node program to its end. */
export function start(args: string[], env: Record<string, string> = {}, shell?: string): RunningSend {
  const [command, argv] =
    shell === undefined ? [process.execPath, args] : ["/bin/sh", ["-c", `${shell}; exec "$0" "$@"`, process.execPath, ...args]];
  const child = spawn(command, argv, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let stderr = "";
  let stdout = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (code, signal) => resolve({ code, signal, stderr, stdout })));
  return { child, ended };
}

export const send = (dir: string, env: Record<string, string> = {}, shell?: string): RunningSend => start([sendFile(), dir], env, shell);

/** A job of `count` marked requests. */
export async function makeJob(
  projectDir: string,
  baseUrl: string,
  count: number,
  more: Partial<SendSpec> = {},
): Promise<{ dir: string; job: JobFile }> {
  const { dir, job } = await createJob({ projectDir, spec: specOf(baseUrl, more), requests: marked(count), templates: [] });
  return { dir, job };
}

/** Every whole line of the response shards that is a response. */
export async function responses(dir: string): Promise<ResponseLine[]> {
  const lines: ResponseLine[] = [];
  for (const file of shardFiles(dir, "responses"))
    for await (const batch of readLines(file))
      for (const { bytes, complete } of batch) if (complete) lines.push(JSON.parse(String(bytes)) as ResponseLine);
  return lines;
}

export function events(dir: string): EventLine[] {
  const lines = readFileSync(join(dir, "events.jsonl"), "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as EventLine);
}

export const errorsOf = (dir: string) => events(dir).filter((event) => event.event === "error");
export const warningsOf = (dir: string) => events(dir).filter((event) => event.event === "warning");

export interface Stub {
  url: string;
  stats(): Promise<Record<string, number>>;
  /** Rows that were not answered exactly once: [attempts, ok, paid]. */
  rows(): Promise<Record<string, [number, number, number]>>;
  reset(overrides?: Record<string, number>): Promise<void>;
  stop(): Promise<void>;
}

export async function startStub(): Promise<Stub> {
  const { child, ended } = start([stubFile ?? "", "--port", "0"]);
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stdout?.on("data", (chunk) => {
      said += chunk;
      const found = /on (http:\/\/\S+)\/v1/.exec(said);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    void ended.then(({ stderr }) => reject(new Error(`the stub ended: ${stderr}`)));
  });
  const get = async (path: string) => (await (await fetch(url + path)).json()) as never;
  return {
    url: `${url}/v1`,
    stats: () => get("/__stats"),
    rows: () => get("/__rows"),
    async reset(overrides = {}) {
      const answer = await fetch(`${url}/__reset`, { method: "POST", body: JSON.stringify(overrides) });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
