import { AppError, type Problem } from "#protocol/errors.ts";
import type { StartEmbedded } from "../jobs/open-model.ts";
import { createControls, performJob } from "../jobs/perform-job.ts";
import type { DeltaListener } from "../jobs/run-send.ts";
import { jobState, mayRun } from "../jobs/state.ts";
import type { StartSending } from "./sending.ts";

export interface HereOptions {
  /** Environment variables, one of which may hold the key. */
  env: NodeJS.ProcessEnv;
  startEngine: StartEmbedded;
  onDelta: DeltaListener;
  report(problem: Problem): void;
}

/** Sends in this process, so that somebody can watch the text as it comes. It ends with this process; what came before is kept. */
export function sendHere({ env, startEngine, onDelta, report }: HereOptions): StartSending {
  return async (dir) => {
    const controls = createControls();
    let own = () => {};
    const owned = new Promise<void>((resolve) => {
      own = resolve;
    });
    const run = performJob(dir, { controls, env, startEngine, onDelta, report, onOwned: () => own(), shared: true });
    // A job that cannot be read after it was owned has ended; its files say so.
    const ended = run.then(
      () => {},
      () => {},
    );
    try {
      await Promise.race([owned, run]);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.problem.code === "job/busy" && mayRun(await jobState(dir))) return null;
      throw thrown;
    }
    return {
      ended,
      async stop() {
        controls.halt(0);
        await ended;
      },
    };
  };
}
