import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { toProblem } from "#protocol/errors.ts";
import type { PanelEvents, PanelKind, ToHost, ToWebview } from "#protocol/panels.ts";
import { root } from "../../scripts/root.ts";
import { THEMES, type ThemeName } from "./themes.ts";

/**
 * A built panel in a page by itself, with a stand-in for the editor around it. For states that a real editor and server reach
 * only with luck, and for frame times without an editor's own; what people do is tested in the real one.
 */
export interface FakeEditor {
  page: Page;
  /** Requests of the panel, in the order in which they came. */
  asked: { method: string; params: unknown }[];
  post<K extends keyof PanelEvents>(event: K, data: PanelEvents[K]): Promise<void>;
  /** What the panel has kept for a reload. */
  kept(): Promise<unknown>;
  setTheme(theme: ThemeName): Promise<void>;
  /** Loads the page again with what the panel has kept, as a reload of the window does. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export interface FakeEditorOptions {
  panel: PanelKind;
  theme?: ThemeName;
  viewport?: { width: number; height: number };
  /** Answers a request of the panel; a thrown value travels as a problem. */
  answer(method: string, params: never, signal: AbortSignal): Promise<unknown>;
  /** The panel listens. */
  onReady(editor: FakeEditor): Promise<void>;
}

const ORIGIN = "http://panel.test";
const TYPES: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2" };

export async function openFakeEditor(browser: Browser, options: FakeEditorOptions): Promise<FakeEditor> {
  const context = await browser.newContext({
    viewport: options.viewport ?? { width: 1390, height: 830 },
    reducedMotion: "reduce",
    locale: "en-US",
  });
  const page = await context.newPage();
  const running = new Map<number, AbortController>();
  const asked: FakeEditor["asked"] = [];
  const failures: string[] = [];
  let theme = options.theme ?? "dark";
  let state: unknown;

  const send = (message: ToWebview) =>
    page
      .evaluate((data) => void (globalThis as unknown as EventTarget).dispatchEvent(new MessageEvent("message", { data })), message)
      .catch(() => {});
  const answer = async (id: number, method: string, params: unknown) => {
    const abort = new AbortController();
    running.set(id, abort);
    try {
      await send({ type: "answer", id, result: await options.answer(method, params as never, abort.signal) });
    } catch (thrown) {
      await send({ type: "problem", id, problem: toProblem(thrown) });
    }
    running.delete(id);
  };
  await page.exposeFunction("toHost", (message: ToHost) => {
    if (message.type === "ready") void options.onReady(editor);
    else if (message.type === "cancel") running.get(message.id)?.abort();
    else if (message.type === "failed") failures.push(message.problem.message);
    else {
      asked.push({ method: message.method, params: message.params });
      void answer(message.id, message.method, message.params);
    }
  });
  await page.exposeFunction("keepState", (kept: unknown) => {
    state = kept;
  });
  page.on("pageerror", (error) => failures.push(error.message));
  await page.route(`${ORIGIN}/**`, (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === "/") return route.fulfill({ contentType: "text/html", body: document(options.panel, theme, state) });
    return route.fulfill({
      contentType: TYPES[extname(path)] ?? "application/octet-stream",
      body: readFileSync(join(root, "dist", "webview", path)),
    });
  });

  const editor: FakeEditor = {
    page,
    asked,
    post: async (event, data) => void (await send({ type: "event", event, data })),
    kept: async () => state,
    async setTheme(next) {
      theme = next;
      const { classes, colours } = THEMES[next];
      await page.evaluate(
        ([style, names]) => {
          const { document } = globalThis as unknown as { document: { documentElement: Styled; body: Styled } };
          document.documentElement.setAttribute("style", style as string);
          document.body.setAttribute("class", names as string);
        },
        [styleOf(colours), classes],
      );
    },
    async reload() {
      await page.reload();
    },
    async close() {
      await context.close();
      if (failures.length > 0) throw new Error(`The panel failed:\n${failures.join("\n")}`);
    },
  };
  await page.goto(`${ORIGIN}/`);
  return editor;
}

interface Styled {
  setAttribute(name: string, value: string): void;
}

const styleOf = (colours: Record<string, string>): string =>
  Object.entries(colours)
    .map(([name, value]) => `--vscode-${name}: ${value}`)
    .join("; ");

/** The same policy as the editor's host sets, so that what it would refuse is refused here. */
function document(panel: PanelKind, theme: ThemeName, state: unknown): string {
  const { classes, colours } = THEMES[theme];
  const policy = [
    "default-src 'none'",
    `img-src ${ORIGIN} data:`,
    `font-src ${ORIGIN}`,
    `style-src ${ORIGIN}`,
    "style-src-attr 'unsafe-inline'",
    `script-src 'nonce-test' ${ORIGIN}`,
  ].join("; ");
  const json = JSON.stringify(state ?? null).replaceAll("<", "\\u003c");
  return `<!DOCTYPE html>
<html lang="en" style="${styleOf(colours).replaceAll('"', "&quot;")}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${panel}</title>
<link rel="stylesheet" href="/${panel}.css">
<script nonce="test">
  let state = ${json} ?? undefined;
  globalThis.acquireVsCodeApi = () => ({
    postMessage: (message) => void globalThis.toHost(message),
    getState: () => state,
    setState: (next) => { state = next; void globalThis.keepState(next); },
  });
</script>
<script type="module" nonce="test" src="/${panel}.js"></script>
</head>
<body class="${classes}" data-panel="${panel}"></body>
</html>`;
}
