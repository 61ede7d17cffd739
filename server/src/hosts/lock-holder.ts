import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";

/** Another process that keeps a file from us. */
export interface Holder {
  pid: number;
  /** What it was started as, in words that people know; null where the system does not tell. */
  command: string | null;
}

/**
 * The other process that holds a write lock on one byte of a file (POSIX record locks, proc_locks(5)); null where there is none, or the
 * system does not tell.
 */
export async function lockHolder(path: string, byte: number): Promise<Holder | null> {
  if (process.platform !== "linux") return null;
  try {
    const { ino } = await stat(path, { bigint: true });
    const pid = findHolder(await readFile("/proc/locks", "latin1"), ino, byte);
    return pid === null || pid === process.pid ? null : { pid, command: await commandOf(pid) };
  } catch {
    // The file has no lock because it is gone, or the system has no list: nobody can be named.
    return null;
  }
}

/** `/proc/locks` has lines such as `26: POSIX  ADVISORY  WRITE 1309 fe:00:2146947 120 120`; those that only wait have an arrow. */
export function findHolder(locks: string, inode: bigint, byte: number): number | null {
  for (const line of locks.split("\n")) {
    const [, kind, , access, pid, file, from, to] = line.trim().split(/\s+/);
    if (kind !== "POSIX" || access !== "WRITE" || file?.split(":")[2] !== String(inode)) continue;
    if (Number(from) <= byte && (to === "EOF" || Number(to) >= byte) && Number(pid) > 0) return Number(pid);
  }
  return null;
}

async function commandOf(pid: number): Promise<string | null> {
  try {
    return commandWords((await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").filter((part) => part !== ""));
  } catch {
    return null;
  }
}

/** A command line as people know it: our own faces by their names, and of paths the last part only. */
export function commandWords(parts: string[]): string | null {
  const at = parts.findIndex((part) => /[\\/](cli|main|send)\.(ts|js)$/.test(part));
  const script = at === -1 ? "" : basename(parts[at] as string).replace(/\.(ts|js)$/, "");
  if (script === "cli") return ["jiuzhang", ...parts.slice(at + 1).map(last)].join(" ");
  if (script === "main") return "JiuZhang in another window";
  return parts.length === 0 ? null : parts.slice(0, 4).map(last).join(" ");
}

const last = (part: string): string => (part.startsWith("-") ? part : part.replace(/^.*[\\/](?=.)/, ""));
