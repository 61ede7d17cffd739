import type { Disposable } from "vscode";
import type { RunningJob } from "#protocol/messages/generate.ts";
import type { ClientContext } from "../context.ts";
import { count } from "../status/words.ts";

/** A job that this window did not begin. */
export interface ForeignJob extends RunningJob {
  project: string;
}

/** Jobs of earlier windows, of others and of the terminal. */
export interface RunningJobs {
  /** Looks again, and gives what runs. */
  look(): Promise<ForeignJob[]>;
}

/** While a job runs, how often it is looked at. */
const AGAIN_MILLISECONDS = 5_000;

type Needs = Pick<ClientContext, "server" | "projects" | "status" | "log" | "extension" | "generations">;

/** Says in the status item which jobs run that were begun elsewhere. The first look is when the server has come up, for whatever reason. */
export function followRunningJobs({ server, projects, status, log, extension, generations }: Needs): RunningJobs {
  const shown = new Map<string, ReturnType<typeof status.busy>>();
  let timer: NodeJS.Timeout | undefined;
  let disposed = false;

  const look = async (): Promise<ForeignJob[]> => {
    clearTimeout(timer);
    const own = new Set(generations.running.map(({ job }) => job));
    const found: ForeignJob[] = [];
    for (const project of await projects.list()) {
      const { jobs } = await server.request("generate/running", { project });
      found.push(...jobs.filter(({ job }) => !own.has(job)).map((job) => ({ ...job, project })));
    }
    show(found);
    if (found.length > 0) again();
    return found;
  };

  /** A look that fails is followed by another one: what was shown would stay for ever. */
  const again = () => {
    if (disposed) return;
    timer = setTimeout(
      () =>
        void look().catch((thrown) => {
          untold(thrown);
          again();
        }),
      AGAIN_MILLISECONDS,
    );
  };

  const show = (jobs: readonly ForeignJob[]) => {
    for (const [job, item] of shown) {
      if (jobs.some((one) => one.job === job)) continue;
      item.dispose();
      shown.delete(job);
    }
    for (const { job, dataset, done, total } of jobs) {
      const words = `Writing into ${dataset}: ${count(done)} of ${count(total)}`;
      const item = shown.get(job);
      if (item === undefined) shown.set(job, status.busy(words));
      else item.update(words);
    }
  };

  // Nobody waits for it: whoever wants to stop a job is told.
  const untold = (thrown: unknown) => log.debug(`Looking for running jobs: ${thrown}`);
  const stop: Disposable = {
    dispose() {
      disposed = true;
      clearTimeout(timer);
      show([]);
    },
  };
  extension.subscriptions.push(
    stop,
    server.onState(({ name }) => {
      if (name === "ready") void look().catch(untold);
      else if (name !== "starting") show([]);
    }),
  );
  return { look };
}
