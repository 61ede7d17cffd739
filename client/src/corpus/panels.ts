import { ViewColumn, type WebviewPanel, window } from "vscode";
import type { ClientContext } from "../context.ts";
import { type CorpusPanel, createCorpusPanel, type Show } from "./panel.ts";

export const CORPUS_VIEW = "jiuzhang.corpus";

/** The open panels: one for each dataset. */
export interface CorpusPanels {
  open(what: Show): void;
}

/** Registers what brings panels back after a reload of the window. */
export function createCorpusPanels(context: ClientContext): CorpusPanels {
  const open = new Set<CorpusPanel>();
  const add = (panel: WebviewPanel, show: Show) => {
    const made = createCorpusPanel(context, panel, show);
    open.add(made);
    panel.onDidDispose(() => open.delete(made));
  };

  context.extension.subscriptions.push(
    window.registerWebviewPanelSerializer(CORPUS_VIEW, {
      async deserializeWebviewPanel(panel, state: unknown) {
        const kept = keptState(state);
        // The webview remembers what it shows; a panel that was closed before it could do so is known by its title alone.
        const dataset = kept?.dataset ?? panel.title;
        const project = kept?.project ?? context.projects.of();
        add(panel, { project, dataset, query: {}, row: null });
      },
    }),
  );

  return {
    open(what) {
      for (const made of open) {
        if (made.dataset !== what.dataset || made.project !== what.project) continue;
        made.panel.reveal();
        made.show(what);
        return;
      }
      add(window.createWebviewPanel(CORPUS_VIEW, what.dataset, ViewColumn.Active), what);
    },
  };
}

function keptState(state: unknown): { dataset: string; project: string } | null {
  if (typeof state !== "object" || state === null) return null;
  const { dataset, project } = state as Record<string, unknown>;
  return typeof dataset === "string" && typeof project === "string" ? { dataset, project } : null;
}
