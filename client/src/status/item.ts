import { type Disposable, MarkdownString, StatusBarAlignment, ThemeColor, window, workspace } from "vscode";
import type { Server } from "../server/server.ts";
import { describe } from "./describe.ts";
import type { Status } from "./status.ts";

/** The item in the status bar. It is shown once the server has been asked for something. */
export function createStatus(server: Server, subscriptions: Disposable[]): Status {
  const item = window.createStatusBarItem("jiuzhang.status", StatusBarAlignment.Right, 100);
  item.name = "JiuZhang";
  item.command = "jiuzhang.showStatus";
  const works = new Map<symbol, string>();
  const refresh = () => {
    const { text, detail, level } = describe({ server: server.state, works: [...works.values()], trusted: workspace.isTrusted });
    item.text = text;
    item.tooltip = new MarkdownString(detail);
    item.accessibilityInformation = { label: `JiuZhang: ${detail}` };
    item.backgroundColor = level === "quiet" ? undefined : new ThemeColor(`statusBarItem.${level}Background`);
    item.show();
  };
  refresh();
  subscriptions.push(item, server.onState(refresh), workspace.onDidGrantWorkspaceTrust(refresh));
  return {
    busy(text) {
      const key = Symbol(text);
      const update = (next: string) => {
        works.set(key, next);
        refresh();
      };
      update(text);
      return {
        update,
        dispose() {
          works.delete(key);
          refresh();
        },
      };
    },
  };
}
