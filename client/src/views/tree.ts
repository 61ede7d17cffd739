import { ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from "vscode";
import type { Line } from "./lines.ts";

/** A line as the editor shows it. A command without arguments of its own is given the node. */
export function treeItem(line: Line, node?: unknown): TreeItem {
  const item = new TreeItem(line.label);
  item.description = line.description;
  item.tooltip = line.tooltip;
  item.iconPath = new ThemeIcon(line.icon, line.colour === null ? undefined : new ThemeColor(line.colour));
  item.contextValue = line.contextValue;
  item.accessibilityInformation = { label: [line.label, line.description].filter((part) => part !== "").join(", ") };
  if (line.command !== null) {
    const { command, title, args = [node] } = line.command;
    item.command = { command, title, arguments: args };
  }
  return item;
}

/** A group of lines. */
export function groupItem(label: string, description: string, icon: string): TreeItem {
  const item = new TreeItem(label, TreeItemCollapsibleState.Expanded);
  item.description = description;
  item.iconPath = new ThemeIcon(icon);
  return item;
}
