import { ViewColumn, window } from "vscode";

/**
 * Beside a panel, or what the user looks at: the first other group where there is one, so that one thing after another does not make
 * a row of groups. A panel says its own column, because its message may come before its group counts as the active one.
 */
export function columnBeside(column?: ViewColumn): ViewColumn {
  const groups = window.tabGroups.all;
  const other = groups.find(({ isActive, viewColumn }) => (column === undefined ? !isActive : viewColumn !== column));
  if (other !== undefined) return other.viewColumn;
  return column === undefined ? ViewColumn.Beside : column + 1;
}
