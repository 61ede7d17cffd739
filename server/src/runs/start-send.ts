import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fail } from "#protocol/errors.ts";
import { spawnDetached } from "../hosts/here.ts";
import { jobState, mayRun } from "../jobs/state.ts";
import { stopJob } from "./follow.ts";
import type { StartSending } from "./sending.ts";

/** Sends in a process of its own, which outlives this one. `env` is its environment: it holds the key that the job names. */
export function detachedSend(sendEntry: string, env: NodeJS.ProcessEnv): StartSending {
  return async (dir) => {
    // Inside an editor the running program is Electron; as Node it takes a script.
    const child = await spawnDetached({
      command: process.execPath,
      args: [sendEntry, dir],
      directory: dir,
      env: { ...env, ELECTRON_RUN_AS_NODE: "1" },
    });
    let ended = false;
    void child.exited.then(() => {
      ended = true;
    });
    for (;;) {
      // Looked at before the files: whoever had ended by then has written all that it ever will.
      const over = ended;
      const observed = await jobState(dir);
      const { started } = observed;
      if (started !== null && started !== "unreadable" && started.pid === child.pid)
        return { ended: child.exited, stop: () => stopJob(dir) };
      if (over) {
        if (mayRun(observed)) return null;
        throw fail("job/failed", "The job's process ended before it began", {
          where: { file: join(dir, "stderr.log") },
          remedy: "The end of that file says why; then run the same command again.",
        });
      }
      await wait(20);
    }
  };
}
