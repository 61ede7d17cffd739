import { type Disposable, StatusBarAlignment, ThemeColor, window, workspace } from "vscode";
import type { Problem } from "#protocol/errors.ts";
import type { Server, ServerState } from "../server/server.ts";
import { describe } from "./describe.ts";
import type { Status } from "./status.ts";

const RECOVERED_MILLISECONDS = 30_000;

/** The item in the status bar: how the server is, and what it is busy with. */
export function createStatus(server: Server, subscriptions: Disposable[]): Status {
  const item = window.createStatusBarItem("jiuzhang.status", StatusBarAlignment.Left, -10);
  item.name = "JiuZhang";
  item.command = "jiuzhang.showStatus";
  const works = new Map<symbol, string>();
  let recovered: Problem | null = null;
  let forget: NodeJS.Timeout | undefined;
  const refresh = () => {
    const { text, detail, level } = describe({ server: server.state, works: [...works.values()], trusted: workspace.isTrusted, recovered });
    item.text = text;
    item.tooltip = detail;
    item.accessibilityInformation = { label: `JiuZhang: ${detail}` };
    item.backgroundColor = level === "quiet" ? undefined : new ThemeColor(`statusBarItem.${level}Background`);
    item.show();
  };
  /** A crash that mended itself is told here for a while, and in no message. */
  const follow = (state: ServerState) => {
    if (state.name === "starting" && state.after !== null) {
      recovered = state.after;
      clearTimeout(forget);
      forget = setTimeout(() => {
        recovered = null;
        refresh();
      }, RECOVERED_MILLISECONDS);
    }
    // The user's own restart is no recovery to tell of.
    if (state.name === "crashed") recovered = null;
    refresh();
  };
  refresh();
  subscriptions.push(item, { dispose: () => clearTimeout(forget) }, server.onState(follow), workspace.onDidGrantWorkspaceTrust(refresh));
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
