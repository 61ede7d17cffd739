import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fail } from "#protocol/errors.ts";
import { spawnDetached } from "../hosts/here.ts";
import { jobState, mayRun } from "../jobs/state.ts";
import type { RunPorts } from "./ports.ts";

/**
 * Starts `send` and waits until it owns the directory, so that whoever plans next sees a living job.
 * @returns whether it is ours: false where another process came first. @throws job/failed where it ended before it began
 */
export async function startSend(ports: RunPorts, dir: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const child = await spawnDetached({ command: process.execPath, args: [ports.sendEntry, dir], directory: dir, env });
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  for (;;) {
    // Looked at before the files: whoever had ended by then has written all that it ever will.
    const over = ended;
    const observed = await jobState(dir);
    const { started } = observed;
    if (started !== null && started !== "unreadable" && started.pid === child.pid) return true;
    if (over) {
      if (mayRun(observed)) return false;
      throw fail("job/failed", "The job's process ended before it began", {
        where: { file: join(dir, "stderr.log") },
        remedy: "The end of that file says why; then run the same command again.",
      });
    }
    await wait(20);
  }
}
