import { commands, Uri, ViewColumn, type WebviewPanel, window } from "vscode";
import type { KeptPreview } from "#protocol/panels.ts";
import type { ClientContext } from "../context.ts";
import { readKept } from "./kept.ts";
import { createPreviewPanel, type PreviewPanel } from "./panel.ts";
import { isTemplate } from "./template-editor.ts";

const PREVIEW_VIEW = "jiuzhang.preview";
const NOTHING_KEPT: KeptPreview = { uri: null, seed: null, endpoint: null, pinned: false };

/** The open previews: one that follows the editor, and any number of pinned ones. */
export interface PreviewPanels {
  /** Shows a template beside its editor, which keeps the focus. */
  open(uri: Uri): PreviewPanel;
  /** The preview that a command means: the active one, else the one of the active template, else the last one that was looked at. */
  current(): PreviewPanel | null;
  /** The preview of a template, null where none shows it. */
  showing(template: string): PreviewPanel | null;
}

/** Registers what brings previews back after a reload of the window. */
export function createPreviewPanels(context: ClientContext): PreviewPanels {
  /** The one that was looked at last stands last. */
  const open: PreviewPanel[] = [];
  const count = () => void commands.executeCommand("setContext", "jiuzhang.previewOpen", open.length > 0);

  const add = (panel: WebviewPanel, kept: KeptPreview): PreviewPanel => {
    const made = createPreviewPanel(context, panel, kept);
    open.push(made);
    count();
    panel.onDidChangeViewState(() => {
      if (panel.active) open.push(...open.splice(open.indexOf(made), 1));
    });
    panel.onDidDispose(() => {
      open.splice(open.indexOf(made), 1);
      count();
    });
    return made;
  };

  context.extension.subscriptions.push(
    window.registerWebviewPanelSerializer(PREVIEW_VIEW, {
      async deserializeWebviewPanel(panel, state: unknown) {
        const kept = readKept(state);
        const made = add(panel, kept);
        const active = window.activeTextEditor?.document;
        if (kept.uri !== null) made.show(Uri.parse(kept.uri));
        else if (active !== undefined && isTemplate(active)) made.show(active.uri);
      },
    }),
  );

  const showing = (uri: Uri) => open.findLast(({ model }) => model.uri === uri.toString());

  return {
    showing: (template) => showing(Uri.parse(template)) ?? null,
    open(uri) {
      const there = showing(uri) ?? open.findLast(({ model }) => !model.pinned);
      const made =
        there ??
        add(
          window.createWebviewPanel(
            PREVIEW_VIEW,
            "Preview",
            { viewColumn: ViewColumn.Beside, preserveFocus: true },
            { enableFindWidget: true },
          ),
          NOTHING_KEPT,
        );
      made.show(uri);
      made.panel.reveal(undefined, true);
      return made;
    },
    current() {
      const active = window.activeTextEditor?.document.uri;
      return open.findLast(({ panel }) => panel.active) ?? (active === undefined ? undefined : showing(active)) ?? open.at(-1) ?? null;
    },
  };
}
