import { spawn } from "node:child_process";

export interface Finished {
  /** Null where the program could not be started. */
  code: number | null;
  stdout: string;
  /** The last part of what it said; the first part of a long log helps nobody. */
  stderr: string;
}

const TAIL_CHARACTERS = 4_000;

/** Runs a program to its end. A program that does not exist is an answer (`code: null`), an abort throws. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<Finished> {
  options.signal?.throwIfAborted();
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const stop = () => child.kill();
  options.signal?.addEventListener("abort", stop, { once: true });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = (stdout + text).slice(-TAIL_CHARACTERS);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-TAIL_CHARACTERS);
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on("error", (error) => {
      stderr += error.message;
      resolve(null);
    });
    child.on("close", (exit) => resolve(exit ?? 1));
  });
  options.signal?.removeEventListener("abort", stop);
  options.signal?.throwIfAborted();
  return { code, stdout, stderr };
}
