import { AppError, type Problem, toProblem } from "#protocol/errors.ts";
import type { App } from "../app.ts";
import { writerOf } from "../store/writer.ts";
import { forEditor } from "./editor-words.ts";

/** Says who writes to the index, where somebody else does. */
export async function lockedProblem({ indexPath }: App): Promise<Problem | null> {
  const holder = await writerOf(indexPath);
  if (holder === null) return null;
  const { pid, command } = holder;
  return {
    code: "index/locked",
    message: `Another process is writing to the index: ${command ?? "unknown"} (process ${pid})`,
    where: { file: indexPath },
    remedy: "Wait for it or end it, then try again; nothing is lost.",
    data: { pid, ...(command === null ? {} : { command }) },
  };
}

/** A problem of the index as it is to be read in the editor; where another process keeps it locked, it says which. */
export async function forCorpus(app: App, problem: Problem): Promise<Problem> {
  const told = problem.code === "index/locked" ? { ...problem, ...(await lockedProblem(app)) } : problem;
  const { remedy } = told;
  // Nothing in the corpus is a command that is run again.
  return forEditor(
    remedy === undefined ? told : { ...told, remedy: remedy.replace(/run the same (?:command|import) again/gi, "try again") },
  );
}

/** Runs something on the index whose problems are to be read in the editor. */
export async function inCorpus<T>(app: App, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw new AppError(await forCorpus(app, toProblem(thrown)), { cause: thrown });
  }
}
