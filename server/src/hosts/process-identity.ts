import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";
import type { StartedFile } from "#protocol/files/job.ts";

/** A process, told apart from a later one under the same pid. Empty parts are unknown on this system and are not compared. */
export type ProcessIdentity = Omit<StartedFile, "started" | "shared" | "run">;

const run = promisify(execFile);

/** Who the process `pid` (this one unless told) is, or null where there is none. */
export async function processIdentity(pid: number = process.pid): Promise<ProcessIdentity | null> {
  const start = await processStart(pid);
  return start === null ? null : { host: hostname(), pid, process_start: start, boot_id: await bootId() };
}

/**
 * Whether the process still runs. `unknown`: it belongs to another machine, which only that machine can tell.
 * A zombie has ended: its exit is only not collected yet.
 */
export async function isAlive(identity: ProcessIdentity): Promise<boolean | "unknown"> {
  if (identity.host !== hostname()) return "unknown";
  const boot = await bootId();
  if (boot !== "" && identity.boot_id !== "" && boot !== identity.boot_id) return false;
  const start = await processStart(identity.pid);
  if (start === null) return false;
  return start === "" || identity.process_start === "" || start === identity.process_start;
}

/** Start time as the system counts it, "" where the system does not tell, null where there is no such process. */
async function processStart(pid: number): Promise<string | null> {
  if (process.platform === "linux") return linuxStart(pid);
  if (!exists(pid)) return null;
  try {
    if (process.platform === "win32") return await windowsQuery(`(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`);
    return (await run("ps", ["-o", "lstart=", "-p", String(pid)], { env: { ...process.env, LC_ALL: "C" } })).stdout.trim();
  } catch {
    // `ps` fails where the process has just gone; where it cannot be asked, the pid alone must do.
    return exists(pid) ? "" : null;
  }
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)): ticks since boot. The name before it may hold spaces and brackets. */
async function linuxStart(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? "");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH") return exists(pid) ? "" : null;
    throw error;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

let boot: Promise<string> | null = null;

/** Changes with every start of the machine; "" where the system does not tell. */
function bootId(): Promise<string> {
  boot ??= readBootId().catch(() => "");
  return boot;
}

async function readBootId(): Promise<string> {
  if (process.platform === "linux") return (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
  if (process.platform === "darwin") return (await run("sysctl", ["-n", "kern.boottime"])).stdout.replace(/}.*/s, "}").trim();
  if (process.platform === "win32") return windowsQuery("(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToFileTimeUtc()");
  return "";
}

async function windowsQuery(command: string): Promise<string> {
  const { stdout } = await run("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", command], { windowsHide: true });
  return stdout.trim();
}
