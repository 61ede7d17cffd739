import { ViewColumn, window } from "vscode";

/** Beside what the user looks at: the first other group where there is one, so that one thing after another does not make a row of groups. */
export const columnBeside = (): ViewColumn => window.tabGroups.all.find(({ isActive }) => !isActive)?.viewColumn ?? ViewColumn.Beside;
