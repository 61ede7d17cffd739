import { toProblem } from "#protocol/errors.ts";
import type { App } from "../app.ts";
import { collectChanges } from "./changes.ts";
import type { ServerContext } from "./context.ts";

/** Follows the jobs of an opened project, so that a panel fills while one of the terminal or of an earlier window runs. */
export function followJobs(context: ServerContext, project: string, { projectDir, store }: App): void {
  const changes = collectChanges(context, project);
  const { report, shutdown: signal } = context;
  import("../runs/watch-jobs.ts")
    .then(({ watchJobs }) => watchJobs({ projectDir, store, onRows: changes.rows, report, signal }))
    .catch((thrown) => report(toProblem(thrown)));
}
