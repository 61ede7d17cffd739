import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import { isAlive, processIdentity } from "./process-identity.ts";

export interface DetachedProcess {
  pid: number;
  /** Exit code, or null where a signal ended it; never settles where this process ends first. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface SpawnOptions {
  command: string;
  args: string[];
  /** Working directory, in which stdout.log and stderr.log are written (appended to where they exist). */
  directory: string;
  env?: NodeJS.ProcessEnv;
}

/**
 * Starts a process that outlives this one: a session and process group of its own (on Windows a detached process
 * without a window), its output in files. The caller's event loop is not kept alive by it.
 * @throws io/failed where the program cannot be started
 */
export async function spawnDetached(options: SpawnOptions): Promise<DetachedProcess> {
  const out = openSync(join(options.directory, "stdout.log"), "a");
  const err = openSync(join(options.directory, "stderr.log"), "a");
  try {
    const child = spawn(options.command, options.args, {
      cwd: options.directory,
      env: options.env ?? process.env,
      detached: true,
      windowsHide: true,
      stdio: ["ignore", out, err],
    });
    const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (cause) =>
        reject(
          fail("io/failed", `“${options.command}” could not be started: ${cause.message}`, { where: { file: options.command }, cause }),
        ),
      );
    });
    child.unref();
    return { pid: child.pid ?? -1, exited };
  } finally {
    closeSync(out);
    closeSync(err);
  }
}

/**
 * Asks a process to stop and makes it stop after `grace` milliseconds. Returns how it ended: `gone` (there was none),
 * `stopped` (it obeyed) or `killed`. A pid that was given to another process meanwhile is left alone.
 * Windows has no request to stop: there it is killed at once, which every job must survive anyway.
 */
export async function terminate(pid: number, grace: number): Promise<"gone" | "stopped" | "killed"> {
  const identity = await processIdentity(pid);
  if (identity === null || !signal(pid, "SIGTERM")) return "gone";
  const deadline = performance.now() + grace;
  while (performance.now() < deadline) {
    if ((await isAlive(identity)) === false) return "stopped";
    await new Promise((resolve) => setTimeout(resolve, Math.min(20, grace)));
  }
  if ((await isAlive(identity)) === false || !signal(pid, "SIGKILL")) return "stopped";
  return "killed";
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
