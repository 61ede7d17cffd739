import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** A mark in the environment of an editor, which everything that it starts inherits, jobs in sessions of their own included. */
export const MARK = "JIUZHANG_E2E_EDITOR";

export interface Process {
  pid: number;
  command: string[];
}

/** The living processes that carry the mark. Read from /proc: empty on other systems. */
export function markedProcesses(mark: string): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const environment = read(`/proc/${name}/environ`);
      if (environment === null || !environment.split("\0").includes(`${MARK}=${mark}`)) return [];
      return [{ pid: Number(name), command: (read(`/proc/${name}/cmdline`) ?? "").split("\0").slice(0, -1) }];
    });
}

/** Ends all of them, and what they start meanwhile. */
export async function killMarked(mark: string): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const left = markedProcesses(mark);
    if (left.length === 0) return;
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    }
    await wait(10);
  }
  throw new Error(`Processes survive: ${markedProcesses(mark).map(({ command }) => command.join(" "))}`);
}

/** Null where the process has gone, is a zombie (then the file is empty), or belongs to another user. */
function read(path: string): string | null {
  try {
    const text = readFileSync(path, "utf8");
    return text === "" ? null : text;
  } catch {
    return null;
  }
}
