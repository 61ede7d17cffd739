import { commands, type LogOutputChannel, Position, Range, Uri, window } from "vscode";
import { formatProblem, type Problem } from "#protocol/errors.ts";
import { ProblemError } from "../server/server.ts";
import { type Action, actionsFor } from "./actions.ts";

/** Any thrown value of the client as a problem. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  return { code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** Tells the user of a problem, with buttons that lead on. A cancellation is no problem. */
export async function showProblem(log: LogOutputChannel, thrown: unknown, more: readonly Action[] = []): Promise<void> {
  const problem = problemOf(thrown);
  if (problem.code === "cancelled") return;
  log.error(`${problem.code}: ${formatProblem(problem)}`);
  if (problem.code === "internal" && thrown instanceof Error) log.error(thrown);
  const actions = [...more, ...actionsFor(problem.code)];
  const { file } = problem.where ?? {};
  const open = file === undefined ? [] : ["Open File"];
  const { where: _, ...words } = problem;
  const chosen = await window.showErrorMessage(formatProblem(words), ...open, ...actions.map(({ title }) => title));
  if (chosen === "Open File" && file !== undefined) await openPlace(file, problem.where?.line ?? 1);
  const action = actions.find(({ title }) => title === chosen);
  if (action !== undefined) await commands.executeCommand(action.command);
}

async function openPlace(file: string, line: number): Promise<void> {
  const at = new Position(Math.max(0, line - 1), 0);
  await window.showTextDocument(Uri.file(file), { selection: new Range(at, at) });
}
