import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const cliFile = join(root, "dist", "server", "cli.js");

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** The lines of stdout as objects; throws where one is not JSON. */
  objects(): Record<string, unknown>[];
}

export interface RunningCli {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** Starts the built program. Keys of the machine's user never reach it. */
export function startCli(args: string[], { cwd, env = {} }: { cwd: string; env?: Record<string, string> }): RunningCli {
  const { OPENAI_API_KEY: _, JIUZHANG_API_KEY: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [cliFile, ...args], { cwd, env: { ...inherited, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const objects = () =>
    stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const ended = new Promise<Ended>((resolve) => child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr, objects })));
  return { child, ended };
}

export const cli = (args: string[], options: { cwd: string; env?: Record<string, string> }): Promise<Ended> =>
  startCli(args, options).ended;

export interface Scratch {
  path: string;
  /** A new project with seeds of its own and one template. */
  project(name: string, seeds?: number): string;
  remove(): void;
}

export const TEMPLATE = `---
name: test
metadata:
  jiuzhang: { stage: grade, format: nl }
inputs:
  - name: text
    kind: string
---
user:
Write a problem from this text:
{{ text }}
`;

export function scratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), "jiuzhang-cli-"));
  return {
    path,
    project(name, seeds = 6) {
      const dir = join(path, name);
      mkdirSync(join(dir, "data"), { recursive: true });
      writeFileSync(join(dir, "jiuzhang.yaml"), "endpoints: {}\n");
      writeFileSync(join(dir, "t.prompty"), TEMPLATE);
      const rows = Array.from({ length: seeds }, (_, at) =>
        JSON.stringify({
          id: `seed-${at}`,
          text: `Passage number ${at} about the sum of the first ${at + 3} integers.`,
          license: "CC0-1.0",
        }),
      );
      writeFileSync(join(dir, "data", "seeds.jsonl"), `${rows.join("\n")}\n`);
      return dir;
    },
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10 }),
  };
}

/** The usual command, into a dataset. */
export const generateInto = (dataset: string, count: number, ...more: string[]): string[] => [
  "--json",
  "generate",
  "--template",
  "t.prompty",
  "--seeds",
  "data/seeds.jsonl",
  "--count",
  String(count),
  "--dataset",
  dataset,
  ...more,
];

/** The usual command against a server. */
export const generateArgs = (url: string, count: number, ...more: string[]): string[] =>
  generateInto("made", count, "--base-url", url, "--model", "canned", ...more);

/** The ids of a project's jobs. */
export const jobs = (project: string): string[] => {
  const dir = join(project, ".jiuzhang", "jobs");
  return existsSync(dir) ? readdirSync(dir).filter((name) => !name.startsWith(".")) : [];
};

export const readText = (path: string): string => readFileSync(path, "utf8");
