import { Uri, type WebviewPanel, workspace } from "vscode";
import type { PanelEvents } from "#protocol/panels.ts";
import type { ClientContext } from "../context.ts";
import { connectPanel } from "../panels/host.ts";
import { serverEvent } from "../panels/server-event.ts";
import { sharedHandlers } from "../panels/shared-handlers.ts";
import { throttle } from "../views/throttle.ts";
import { joinChanges } from "./changes.ts";
import { MACROS_SETTING, readMacros } from "./macros.ts";

export type Show = PanelEvents["corpus/show"];

/** A panel that shows the rows of one dataset. */
export interface CorpusPanel {
  readonly panel: WebviewPanel;
  readonly project: string | null;
  readonly dataset: string;
  /** Shows another selection of the same dataset. */
  show(what: Pick<Show, "query" | "row">): void;
}

/** While rows come in, a panel hears of it at most so often. */
const CHANGES_MILLISECONDS = 250;

/** Puts the dataset into a panel that the editor has made, or kept over a reload of the window. */
export function createCorpusPanel(context: ClientContext, panel: WebviewPanel, first: Show): CorpusPanel {
  const { server, extension, log } = context;
  const { project, dataset } = first;
  let next: Show = first;
  let change: PanelEvents["corpus/changed"] | null = null;

  panel.title = dataset;
  panel.iconPath = Uri.joinPath(extension.extensionUri, "media", "panel.svg");
  const host = connectPanel(extension, panel, {
    kind: "corpus",
    server,
    log,
    project: () => project,
    handlers: sharedHandlers(
      context,
      () => project,
      () => panel.viewColumn,
    ),
    onReady() {
      host.post("settings", { macros: readMacros() });
      host.post("server", serverEvent(server.state));
      host.post("corpus/show", next);
      // What was asked for once must not come back when the webview is made anew: by then it remembers what it shows.
      next = { project, dataset, query: {}, row: null };
    },
  });

  const tell = throttle(CHANGES_MILLISECONDS, () => {
    if (change !== null) host.post("corpus/changed", change);
    change = null;
  });
  const subscriptions = [
    { dispose: tell.cancel },
    server.on("corpus/changed", (params) => {
      if (params.project !== project || (params.datasets !== null && !params.datasets.includes(dataset))) return;
      change = joinChanges(change, params);
      tell();
    }),
    server.on("progress", (params) => host.post("progress", params)),
    server.onState((state) => host.post("server", serverEvent(state))),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(MACROS_SETTING)) host.post("settings", { macros: readMacros() });
    }),
  ];
  panel.onDidDispose(() => {
    for (const subscription of subscriptions) subscription.dispose();
  });

  return {
    panel,
    project,
    dataset,
    show({ query, row }) {
      next = { project, dataset, query, row };
      host.post("corpus/show", next);
      next = { project, dataset, query: {}, row: null };
    },
  };
}
