import { spawn } from "node:child_process";
import { fail } from "#protocol/errors.ts";
import { expandHome, failureHere, filesHere, HERE_NAME } from "./here-files.ts";
import { supervise } from "./supervise.ts";
import type { ExecOptions, ExecResult, Transport } from "./transport.ts";

export interface HereOptions {
  /** The Python (3.8 or newer) that runs the supervisor. */
  python?: string;
}

/** This machine. Files and programs by Node; jobs, as everywhere, under the Python supervisor. */
export function createHere({ python = "python3" }: HereOptions = {}): Transport {
  const reach = { name: HERE_NAME, exec, python: async () => python };
  const supervisor = supervise(reach);
  return {
    ...reach,
    ...filesHere,
    spawn: (directory, spec) => withPython(() => supervisor.spawn(directory, spec)),
    cancel: (directory, grace) => withPython(() => supervisor.cancel(directory, grace)),
    async close() {},
  };
}

function exec([command = "", ...args]: readonly string[], { cwd, stdin, env, timeout }: ExecOptions = {}): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(expandHome(command), args, {
      ...(cwd === undefined ? {} : { cwd: expandHome(cwd) }),
      env: { ...process.env, ...env },
      detached: process.platform !== "win32",
      windowsHide: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    const end = () => {
      timedOut = true;
      killGroup(child.pid);
      // A child that left its group may hold the pipes open; it is not waited for.
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 1000).unref();
    };
    const timer = timeout === undefined ? undefined : setTimeout(end, timeout);
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    // Who does not read what it is given may end before.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.once("error", (cause) => {
      clearTimeout(timer);
      reject(failureHere(cause, command));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, timedOut, stdout: Buffer.concat(out), stderr: Buffer.concat(err) });
    });
  });
}

async function withPython<T>(work: () => Promise<T>): Promise<T> {
  if (process.platform === "win32")
    throw fail("host/failed", "Jobs of the worker do not run on Windows itself", {
      remedy: "Open the project in WSL, or give the job to a host by ssh.",
    });
  return work();
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch (error) {
    // It has just gone, or became another user's, and nobody could catch what a timer throws.
    if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
