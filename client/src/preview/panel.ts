import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { type Disposable, env, RelativePattern, Uri, type WebviewPanel, window, workspace } from "vscode";
import type { KeptPreview, PanelEvents } from "#protocol/panels.ts";
import type { ClientContext } from "../context.ts";
import { MACROS_SETTING, readMacros } from "../corpus/macros.ts";
import type { GenerationRequest } from "../generate/generations.ts";
import { connectPanel, type HostHandlers } from "../panels/host.ts";
import { serverEvent } from "../panels/server-event.ts";
import { sharedHandlers } from "../panels/shared-handlers.ts";
import { problemOf } from "../problems/show.ts";
import { throttle } from "../views/throttle.ts";
import { createPreviewModel, type PreviewModel } from "./model.ts";
import { createRuns } from "./runs.ts";
import { clickHasArrived, isTemplate, revealSpan, visibleEditor } from "./template-editor.ts";

/** A preview panel: what it shows, and how commands drive it. */
export interface PreviewPanel {
  readonly panel: WebviewPanel;
  readonly model: PreviewModel;
  show(uri: Uri): void;
  /** Drives the panel; one that stands behind another tab is shown first, and takes the focus only where it is typed into. */
  do(what: PanelEvents["do"]["what"]): void;
  /** Begins a run whose results are shown here. */
  generate(request: GenerationRequest): void;
}

/** While rows come in, a preview hears of it at most so often. */
const CHANGES_MILLISECONDS = 500;

/** Puts a preview into a panel that the editor has made, or kept over a reload of the window. */
export function createPreviewPanel(context: ClientContext, panel: WebviewPanel, kept: KeptPreview): PreviewPanel {
  const { server, extension, log, projects, settings } = context;
  const model = createPreviewModel(
    {
      server,
      version: (uri) => openDocument(uri)?.version ?? null,
      project: (uri) => projects.of(Uri.parse(uri)),
      trusted: () => workspace.isTrusted,
      endpoint: (uri) => settings.get("jiuzhang.endpoint", Uri.parse(uri)),
      name: nameOf,
      visible: () => panel.visible,
      show: (preview) => host.post("preview/show", preview),
      tell: (state) => {
        panel.title = state.name === null ? "Preview" : `Preview: ${state.name}`;
        host.post("preview/state", state);
      },
      pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    },
    kept,
  );
  /** What was asked of a panel that did not listen, because it was new or behind another tab. */
  const waiting: PanelEvents["do"]["what"][] = [];
  const runs = createRuns((event, data) => host.post(event, data), problemOf);

  const begin = (run: string, request: GenerationRequest) => {
    const { count, endpoint } = request;
    runs.begin({ run, count, template: nameOf(request.template), endpoint, began: new Date().toISOString() }, async (signal) => {
      await context.generations.confirm(request);
      return await context.generations.run(request, { run, signal });
    });
  };

  const handlers: HostHandlers = {
    ...sharedHandlers(context, () => model.project),
    "host/reveal": async (span) => {
      const { uri } = model.subject();
      await clickHasArrived(panel);
      await revealSpan(Uri.parse(uri), span);
      return null;
    },
    "host/copyRequest": async ({ what }) => {
      const { text } = await server.request("preview/copy", { ...model.subject(), what });
      await env.clipboard.writeText(text);
      return null;
    },
    "preview/choose": async (choice) => {
      await model.choose(choice);
      return null;
    },
    "preview/generate": async ({ run, count }) => {
      begin(run, { ...model.request(), count });
      return null;
    },
    "preview/stop": async ({ run }) => {
      runs.stop(run);
      return null;
    },
  };

  panel.title = "Preview";
  panel.iconPath = Uri.joinPath(extension.extensionUri, "media", "panel.svg");
  const cursor = () => {
    const editor = model.uri === null ? undefined : visibleEditor(model.uri);
    if (editor !== undefined) host.post("preview/cursor", { line: editor.selection.active.line + 1 });
  };
  const host = connectPanel(extension, panel, {
    kind: "preview",
    server,
    log,
    project: () => model.project,
    handlers,
    onReady() {
      host.post("settings", { macros: readMacros() });
      host.post("server", serverEvent(server.state));
      model.resend();
      runs.replay();
      cursor();
      for (const what of waiting.splice(0)) host.post("do", { what });
    },
  });

  const show = (uri: Uri) => {
    if (uri.toString() === model.uri) return;
    model.template(uri.toString());
    watchFile(uri);
    cursor();
  };

  let watch: Disposable | null = null;
  const watchFile = (uri: Uri) => {
    watch?.dispose();
    watch = uri.scheme === "file" ? watchTemplate(uri, model) : null;
  };

  const reload = throttle(CHANGES_MILLISECONDS, () => model.reload());
  const recipe = workspace.createFileSystemWatcher("**/jiuzhang.yaml");
  const subscriptions: Disposable[] = [
    panel.onDidChangeViewState(() => {
      if (panel.visible) model.shown();
    }),
    { dispose: reload.cancel },
    { dispose: () => watch?.dispose() },
    { dispose: model.stop },
    recipe,
    recipe.onDidChange(reload),
    recipe.onDidCreate(reload),
    recipe.onDidDelete(reload),
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0 && document.uri.toString() === model.uri) model.changed();
    }),
    workspace.onDidOpenTextDocument(({ uri }) => {
      if (uri.toString() === model.uri) model.changed();
    }),
    // What was never saved goes with the document; then the file is what there is.
    workspace.onDidCloseTextDocument(({ uri }) => {
      if (uri.toString() !== model.uri) return;
      if (uri.scheme === "file") model.changed();
      else
        model.notice({
          code: "template/unreadable",
          message: "This template was closed without being saved",
          remedy: "The last preview stays.",
        });
    }),
    workspace.onDidRenameFiles(({ files }) => {
      const moved = files.find(({ oldUri }) => oldUri.toString() === model.uri);
      if (moved !== undefined) show(moved.newUri);
    }),
    window.onDidChangeActiveTextEditor((editor) => {
      if (editor !== undefined && !model.pinned && isTemplate(editor.document)) show(editor.document.uri);
    }),
    window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (textEditor.document.uri.toString() === model.uri) host.post("preview/cursor", { line: textEditor.selection.active.line + 1 });
    }),
    server.on("corpus/changed", ({ project }) => {
      if (project === model.project) reload();
    }),
    server.on("generate/event", runs.event),
    server.on("progress", (params) => host.post("progress", params)),
    server.onState((state) => {
      host.post("server", serverEvent(state));
      model.circumstances();
      if (state.name === "ready") model.reload();
      if (state.name === "ready") model.changed();
    }),
    context.endpointsChanged.event(reload),
    settings.onChange("jiuzhang.endpoint", () => model.changed()),
    workspace.onDidGrantWorkspaceTrust(() => model.circumstances()),
    projects.onChange(reload),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(MACROS_SETTING)) host.post("settings", { macros: readMacros() });
    }),
  ];
  panel.onDidDispose(() => {
    for (const subscription of subscriptions) subscription.dispose();
  });

  return {
    panel,
    model,
    show,
    do(what) {
      const typed = what === "search";
      if (host.listening) host.post("do", { what });
      else waiting.push(what);
      if (typed || !panel.visible) panel.reveal(undefined, !typed);
    },
    generate(request) {
      begin(randomUUID(), request);
      panel.reveal(undefined, true);
    },
  };
}

const openDocument = (uri: string) => workspace.textDocuments.find((document) => document.uri.toString() === uri && !document.isClosed);

const nameOf = (uri: string): string => {
  const { path, scheme } = Uri.parse(uri);
  return scheme === "untitled" ? path : basename(path);
};

/** Says when the template's file is deleted, and shows it again when it is back or was changed by another program. */
function watchTemplate(uri: Uri, model: PreviewModel): Disposable {
  const watcher = workspace.createFileSystemWatcher(new RelativePattern(Uri.joinPath(uri, ".."), basename(uri.path)));
  watcher.onDidDelete(() =>
    model.notice({ code: "template/unreadable", message: `The file ${basename(uri.path)} was deleted`, remedy: "The last preview stays." }),
  );
  const back = () => {
    model.notice(null);
    model.changed();
  };
  watcher.onDidCreate(back);
  watcher.onDidChange(() => {
    if (openDocument(uri.toString()) === undefined) model.changed();
  });
  return watcher;
}
