import { type QuickPickItem, QuickPickItemKind, window } from "vscode";
import { ProblemError } from "../server/server.ts";

/** The user left the questions: nothing is done, and nothing is told. */
export const cancelled = (): ProblemError => new ProblemError({ code: "cancelled", message: "Cancelled" });

/** What the user chose. @throws ProblemError cancelled */
export async function pick<T extends QuickPickItem>(items: readonly T[], options: { title: string; placeHolder: string }): Promise<T> {
  const chosen = await window.showQuickPick(items, { ...options, ignoreFocusOut: true, matchOnDescription: true });
  if (chosen === undefined) throw cancelled();
  return chosen;
}

/** What the user typed, without white space around it. @throws ProblemError cancelled */
export async function type(options: {
  title: string;
  prompt: string;
  value?: string;
  placeHolder?: string;
  password?: boolean;
  check?: (text: string) => string | null;
}): Promise<string> {
  const { check = () => null, ...shown } = options;
  const typed = await window.showInputBox({ ...shown, ignoreFocusOut: true, validateInput: (text) => check(text.trim()) });
  if (typed === undefined) throw cancelled();
  return typed.trim();
}

export const separator = (label: string) => ({ label, kind: QuickPickItemKind.Separator });
