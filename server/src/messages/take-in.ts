import { setTimeout as wait } from "node:timers/promises";
import { fail, type Problem, toProblem } from "#protocol/errors.ts";
import type { App } from "../app.ts";
import type { ServerContext } from "./context.ts";
import { forCorpus, lockedProblem } from "./corpus-problems.ts";

/** So long it is waited for what jobs, other processes and other people wrote; then the editor is told what is there, and the rest follows. */
const PATIENCE_MILLISECONDS = 1_000;

const running = new WeakMap<App, Promise<Problem | null>>();
const reported = new WeakMap<App, Set<string>>();

/**
 * Takes in what the project's files have and the index has not, and tells the editor what has changed by that. Gives the problem that
 * keeps it from being taken in, or the first line of a labels file that cannot be read; null where all is well, or where it lasts.
 */
export async function takeIn(context: ServerContext, project: string, app: App, signal: AbortSignal): Promise<Problem | null> {
  const work = running.get(app) ?? start(context, project, app);
  const patience = new AbortController();
  const given = AbortSignal.any([signal, patience.signal]);
  const late = Symbol("late");
  try {
    const first = await Promise.race([work, wait(PATIENCE_MILLISECONDS, late, { signal: given }).catch(() => late)]);
    if (signal.aborted) throw fail("cancelled", "Cancelled");
    return typeof first === "symbol" ? await lockedProblem(app) : first;
  } finally {
    patience.abort();
  }
}

function start(context: ServerContext, project: string, app: App): Promise<Problem | null> {
  const work = catchUp(context, project, app).finally(() => running.delete(app));
  // Whoever waits hears of it; after that nobody may be waiting.
  work.catch((thrown) => tellOnce(context, app, toProblem(thrown)));
  running.set(app, work);
  return work;
}

async function catchUp(context: ServerContext, project: string, app: App): Promise<Problem | null> {
  try {
    const { rows, labels, problems } = await app.store.write("catchUp", null, { signal: context.shutdown });
    if (rows > 0 || labels > 0) context.notify("corpus/changed", { project, datasets: null, reason: rows > 0 ? "rows" : "labels" });
    for (const problem of problems) tellOnce(context, app, problem);
    return problems.find(({ code }) => code.startsWith("labels/")) ?? null;
  } catch (thrown) {
    const problem = toProblem(thrown);
    if (problem.code === "internal") throw thrown;
    return await forCorpus(app, problem);
  }
}

/** The same line of a file is bad each time that it is read. */
function tellOnce({ report }: ServerContext, app: App, problem: Problem): void {
  const told = reported.get(app) ?? new Set();
  reported.set(app, told);
  const key = JSON.stringify([problem.code, problem.message, problem.where]);
  if (!told.has(key)) report(problem);
  told.add(key);
}
