import { commands, type QuickPickItem, QuickPickItemKind, window } from "vscode";
import type { ClientContext } from "../context.ts";
import type { CommandId } from "../ids.ts";
import { problemOf } from "../problems/show.ts";
import { type HealthLine, healthLines, stateLine } from "./health.ts";

interface Item extends QuickPickItem {
  run?: { command: CommandId; args: unknown[] };
}

const ACTIONS: Item[] = [
  { label: "Actions", kind: QuickPickItemKind.Separator },
  { label: "$(debug-restart) Restart server", run: { command: "jiuzhang.restartServer", args: [] } },
  { label: "$(output) Show log", run: { command: "jiuzhang.showLog", args: [] } },
  { label: "$(database) Rebuild index", run: { command: "jiuzhang.rebuildIndex", args: [] } },
  { label: "$(folder-library) Open sample project…", run: { command: "jiuzhang.openSample", args: [] } },
];

/** Shows how the server is, and what can be done about it. Nothing is started only to be looked at. */
export function showStatus({ server }: Pick<ClientContext, "server">): void {
  const pick = window.createQuickPick<Item>();
  const abort = new AbortController();
  const show = (lines: readonly HealthLine[]) => {
    pick.items = [...lines.map(item), ...ACTIONS];
  };
  const refresh = async () => {
    show([stateLine(server.state)]);
    pick.busy = server.state.name === "starting";
    if (server.state.name !== "ready") return;
    pick.busy = true;
    try {
      show(healthLines(await server.request("server/health", {}, abort.signal)));
    } catch (thrown) {
      const { message, remedy } = problemOf(thrown);
      show([{ icon: "error", label: message, description: "", detail: remedy ?? null, ailing: null }]);
    }
    pick.busy = false;
  };
  pick.title = "JiuZhang: server status";
  pick.placeholder = "Choose what to do";
  pick.matchOnDescription = true;
  const followed = server.onState(() => void refresh());
  pick.onDidAccept(() => {
    const [chosen] = pick.selectedItems;
    pick.hide();
    if (chosen?.run !== undefined) void commands.executeCommand(chosen.run.command, ...chosen.run.args);
  });
  pick.onDidHide(() => {
    abort.abort();
    followed.dispose();
    pick.dispose();
  });
  void refresh();
  pick.show();
}

function item({ icon, label, description, detail, ailing }: HealthLine): Item {
  return {
    label: `$(${icon}) ${label}`,
    description,
    ...(detail === null ? {} : { detail }),
    alwaysShow: true,
    ...(ailing === null ? {} : { run: { command: "jiuzhang.rebuildIndex", args: [ailing] } }),
  };
}
