import { randomBytes } from "node:crypto";
import { type Disposable, type ExtensionContext, Uri, type WebviewPanel } from "vscode";
import type { Problem } from "#protocol/errors.ts";
import type { Params, RequestName } from "#protocol/messages.ts";
import {
  type HostRequests,
  PANEL_SERVER_REQUESTS,
  type PanelEvents,
  type PanelKind,
  type ToHost,
  type ToWebview,
} from "#protocol/panels.ts";
import { ProblemError, type Server } from "../server/server.ts";
import { fitsHostRequest, isHostRequest } from "./host-params.ts";

export type HostHandlers = {
  [K in keyof HostRequests]?: (params: HostRequests[K]["params"], signal: AbortSignal) => Promise<HostRequests[K]["result"]>;
};

export interface PanelHostOptions {
  kind: PanelKind;
  server: Server;
  log: { error(text: string): void; warn(text: string): void };
  /** The project whose URI is added to the server's requests; null where there is none. */
  project(): string | null;
  handlers: HostHandlers;
  /** The webview listens: called at its start and after each reload of it. */
  onReady(): void;
}

/** The near side of a webview: answers its requests and posts events once it listens. */
export interface PanelHost extends Disposable {
  /** Whether something that is posted now arrives: the webview has begun to listen, and is not gone behind another tab. */
  readonly listening: boolean;
  post<K extends keyof PanelEvents>(event: K, data: PanelEvents[K]): void;
}

export function connectPanel(context: ExtensionContext, panel: WebviewPanel, options: PanelHostOptions): PanelHost {
  const { webview } = panel;
  const running = new Map<number, AbortController>();
  let listening = false;
  let disposed = false;
  const send = (message: ToWebview) => {
    if (!disposed) void webview.postMessage(message);
  };

  const answer = async (id: number, method: string, params: unknown) => {
    const abort = new AbortController();
    running.set(id, abort);
    try {
      send({ type: "answer", id, result: await dispatch(options, method, params, abort.signal) });
    } catch (thrown) {
      send({ type: "problem", id, problem: problemOf(thrown) });
    } finally {
      running.delete(id);
    }
  };

  const received = webview.onDidReceiveMessage((message: unknown) => {
    if (!isToHost(message)) {
      options.log.warn(`The ${options.kind} panel sent a message of the wrong shape: ${JSON.stringify(message)?.slice(0, 200)}`);
      return;
    }
    if (message.type === "ready") {
      listening = true;
      options.onReady();
    } else if (message.type === "cancel") running.get(message.id)?.abort();
    else if (message.type === "failed") options.log.error(`The ${options.kind} panel failed: ${message.problem.message}`);
    else void answer(message.id, message.method, message.params);
  });
  panel.onDidDispose(() => {
    disposed = true;
    received.dispose();
    for (const abort of running.values()) abort.abort();
  });
  webview.options = { enableScripts: true, localResourceRoots: [Uri.joinPath(context.extensionUri, "dist", "webview")] };
  webview.html = page(context, panel, options.kind);

  return {
    get listening() {
      return listening && !disposed && panel.visible;
    },
    post(event, data) {
      if (listening) send({ type: "event", event, data });
    },
    dispose: () => panel.dispose(),
  };
}

async function dispatch(options: PanelHostOptions, method: string, params: unknown, signal: AbortSignal): Promise<unknown> {
  const own = isHostRequest(method) ? options.handlers[method] : undefined;
  if (own !== undefined) {
    if (!fitsHostRequest(method as keyof HostRequests, params))
      throw new ProblemError({
        code: "usage/invalid-argument",
        message: `The ${options.kind} panel asked for “${method}” in a way that nobody understands`,
        remedy: "Close the panel and open it again.",
      });
    return await own(params as never, signal);
  }
  if (!(PANEL_SERVER_REQUESTS[options.kind] as readonly string[]).includes(method))
    throw new ProblemError({ code: "usage/invalid-argument", message: `The ${options.kind} panel may not ask for “${method}”` });
  const project = options.project();
  if (project === null) throw new ProblemError({ code: "project/none", message: "No folder is open", remedy: "Open a folder first." });
  const name = method as RequestName;
  return await options.server.request(name, { ...(params as object), project } as Params<typeof name>, signal);
}

const problemOf = (thrown: unknown): Problem =>
  thrown instanceof ProblemError
    ? thrown.problem
    : { code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) };

function isToHost(message: unknown): message is ToHost {
  if (typeof message !== "object" || message === null) return false;
  const { type, id, method, problem } = message as Record<string, unknown>;
  switch (type) {
    case "ready":
      return true;
    case "cancel":
      return typeof id === "number";
    case "request":
      return typeof id === "number" && typeof method === "string";
    case "failed":
      return typeof (problem as Problem | undefined)?.message === "string";
    default:
      return false;
  }
}

/** The page of a panel: nothing from the network, only our own files, scripts by nonce. KaTeX sets style attributes, never style elements. */
function page(context: ExtensionContext, { webview, title }: WebviewPanel, kind: PanelKind): string {
  const file = (name: string) => webview.asWebviewUri(Uri.joinPath(context.extensionUri, "dist", "webview", name));
  const nonce = randomBytes(16).toString("base64");
  const policy = [
    "default-src 'none'",
    `img-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `style-src ${webview.cspSource}`,
    "style-src-attr 'unsafe-inline'",
    `script-src 'nonce-${nonce}'`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title.replace(/[&<>"]/g, "")}</title>
<link rel="stylesheet" href="${file(`${kind}.css`)}">
<script type="module" nonce="${nonce}" src="${file(`${kind}.js`)}"></script>
</head>
<body data-panel="${kind}"></body>
</html>`;
}
