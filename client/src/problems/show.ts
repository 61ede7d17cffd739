import { isAbsolute } from "node:path";
import { commands, type LogOutputChannel, ViewColumn, window, workspace } from "vscode";
import { formatProblem, type Problem } from "#protocol/errors.ts";
import { openPlace } from "../panels/open-place.ts";
import { ProblemError } from "../server/server.ts";
import { type Action, actionsFor } from "./actions.ts";
import { plain } from "./plain.ts";

/** Any thrown value of the client as a problem. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  return { code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** Tells the user of a problem, with buttons that lead on. A cancellation is no problem. */
export async function showProblem(log: LogOutputChannel, thrown: unknown): Promise<void> {
  const problem = problemOf(thrown);
  if (problem.code === "cancelled") return;
  log.error(`${problem.code}: ${formatProblem(problem)}`);
  if (problem.code === "internal" && thrown instanceof Error) log.error(thrown);
  const own: readonly Action[] = thrown instanceof ProblemError ? thrown.actions : [];
  // A button of its own may know more than the one that every problem of its code has.
  const actions = [...own, ...actionsFor(problem.code).filter(({ title }) => !own.some((one) => one.title === title))];
  const { where, ...words } = problem;
  const file = where?.file !== undefined && isAbsolute(where.file) ? where.file : null;
  const open = file === null ? [] : ["Open File"];
  const chosen = await window.showErrorMessage(plain(formatProblem(words)), ...open, ...actions.map(({ title }) => title));
  const action = actions.find(({ title }) => title === chosen);
  try {
    if (chosen === "Open File" && file !== null) await openPlace(null, { file, line: where?.line ?? null }, ViewColumn.Active);
    if (action !== undefined) await commands.executeCommand(action.command, ...(action.args ?? []));
  } catch (failed) {
    // A button that cannot do what it says is a problem of its own: nobody awaits this one.
    await showProblem(log, failed);
  }
}

/** Tells of several problems of one piece of work: how many, the first one, and all of them on request. */
export async function showProblems(log: LogOutputChannel, what: string, problems: readonly Problem[]): Promise<void> {
  const [first] = problems;
  if (first === undefined) return;
  const lines = problems.map((problem) => formatProblem(problem));
  for (const line of lines) log.warn(line);
  const all = "Show All";
  const chosen = await window.showWarningMessage(
    plain(`${what}. ${problems.length > 1 ? "The first: " : ""}${lines[0]}`),
    ...(problems.length > 1 ? [all] : []),
  );
  if (chosen !== all) return;
  await window.showTextDocument(await workspace.openTextDocument({ content: `${lines.join("\n")}\n` }));
}
