import { randomUUID } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach } from "node:test";
import type { FrameLocator, Locator, Page } from "playwright-core";
import { installCodeServer } from "../../scripts/code-server.ts";
import { type EditorServer, installExtensions, QUIET_SETTINGS, serveEditor } from "../../scripts/editor-server.ts";
import { packageExtension } from "../../scripts/package.ts";
import { root } from "../../scripts/root.ts";
import { closeBrowser, openBrowser } from "./browser.ts";
import { cursorAt, goTo, openFile, replaceText, save, typeText } from "./documents.ts";
import { answer, pick, runCommand } from "./palette.ts";
import { killMarked, MARK, markedProcesses } from "./processes.ts";
import { DEADLINE_MS, until } from "./until.ts";
import { activity, notifications, pressNotification, problems, statusBar, treeRows, WATCH_KEPT, webview } from "./views.ts";

export type Theme = "dark" | "light" | "hc" | "hc-light";

const THEMES: Record<Theme, { name: string; mark: string }> = {
  dark: { name: "Dark Modern", mark: "vs-dark" },
  light: { name: "Light Modern", mark: "vs" },
  hc: { name: "Default High Contrast", mark: "hc-black" },
  "hc-light": { name: "Default High Contrast Light", mark: "hc-light" },
};

/** A window loads some thirty megabytes of script, and a busy machine takes minutes over that. */
const START_MS = 300_000;

const results = join(root, "test-results");

export interface EditorOptions {
  /** The folder, or the .code-workspace file, to open; null for an empty window. */
  project: string | null;
  /** Packaged extensions beside ours. */
  extensions?: readonly string[];
  settings?: Record<string, unknown>;
  theme?: Theme;
  /** Starts in restricted mode: the user has not said that the folder is trusted. */
  untrusted?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** What can be done in one window of an editor. */
export interface Window {
  page: Page;
  /** Runs one of our commands by its id, or any by its whole title. */
  command(titleOrId: string): Promise<void>;
  pick(text: string | RegExp): Promise<void>;
  answer(text: string): Promise<void>;
  /** By a path in the project, or an absolute one. */
  openFile(path: string): Promise<void>;
  typeInEditor(text: string): Promise<void>;
  replaceText(text: string): Promise<void>;
  save(): Promise<void>;
  goTo(line: number, column?: number): Promise<void>;
  /** Waits until the cursor of the active editor stands on this line, and in this column if one is given. */
  cursorAt(line: number, column?: number): Promise<void>;
  webview(title: string | RegExp): Promise<FrameLocator>;
  statusBar(text: string | RegExp): Locator;
  activity(title: string): Locator;
  treeRows(view: string): Locator;
  notifications: Locator;
  pressNotification(text: string | RegExp, button: string): Promise<void>;
  problems(): Promise<string[]>;
  /** Reloads the page and waits until the window is there again. */
  reload(): Promise<void>;
  /** Reloads as a person does, so that the editor saves what it has before the page goes. */
  reloadWindow(): Promise<void>;
  /** Saves a picture under test-results/ and gives its path. */
  screenshot(name: string): Promise<string>;
}

export interface Editor extends Window {
  /** Opens another window of the same editor. */
  openWindow(project: string | null): Promise<Window>;
  setTheme(theme: Theme): Promise<void>;
  setSettings(settings: Record<string, unknown>): void;
  /** The process of our language server; waits for it. With `other`, for one that is not this. */
  serverPid(other?: number): Promise<number>;
  /** What the extension host, its channels, the server and the page have written. */
  logs(): string;
  close(): Promise<void>;
}

const open = new Set<Editor>();

afterEach(async (context) => {
  if (!("passed" in context) || context.passed !== false) return;
  for (const editor of open) console.error(await evidence(editor, "name" in context ? context.name : "test"));
});

after(async () => {
  for (const editor of open) await editor.close();
  await closeBrowser();
});

/** Starts a fresh VS Code with our package on a project and waits for its workbench. Closed after the test file at the latest. */
export async function startEditor(options: EditorOptions): Promise<Editor> {
  const home = mkdtempSync(join(tmpdir(), "jz-e2e-"));
  const mark = randomUUID();
  const entry = await installCodeServer((line) => console.error(line));
  const extensionsDir = join(home, "extensions");
  installExtensions(entry, extensionsDir, home, [(await packageExtension()).file, ...(options.extensions ?? [])]);
  let settings: Record<string, unknown> = {
    ...QUIET_SETTINGS,
    // A file that is open in one group does not open a second time in another.
    "workbench.editor.revealIfOpen": true,
    // What is typed stays as it was typed: Enter after a word would take the editor's guess.
    "editor.wordBasedSuggestions": "off",
    "editor.acceptSuggestionOnEnter": "off",
    "security.workspace.trust.enabled": options.untrusted === true,
    "workbench.colorTheme": THEMES[options.theme ?? "dark"].name,
    ...options.settings,
  };
  const server = await serveEditor({ entry, home, extensionsDir, settings, env: { ...options.env, [MARK]: mark } });
  const browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-US", reducedMotion: "reduce" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await context.addInitScript(WATCH_KEPT);
  context.setDefaultTimeout(DEADLINE_MS);
  const said: string[] = [];
  context.on("console", (message) => said.push(`[${message.type()}] ${message.text()}`));
  context.on("weberror", (error) => said.push(`[page error] ${error.error().stack ?? error.error().message}`));
  const openWindow = async (project: string | null) => {
    const page = await context.newPage();
    await page.goto(address(server, project));
    return createWindow(page, project);
  };
  // The window reads the user settings at its start only, but it watches those of the machine, which stand over them.
  const setSettings = (more: Record<string, unknown>) => {
    settings = { ...settings, ...more };
    writeFileSync(join(home, "data", "Machine", "settings.json"), JSON.stringify(settings, null, 2));
  };
  const close = async () => {
    open.delete(editor);
    await context.close();
    await server.close();
    await killMarked(mark);
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  };
  const window = await openWindow(options.project).catch(async (error: Error) => {
    const page = context.pages()[0];
    const file = page === undefined ? "none" : await picture(page, "start");
    const logs = `${server.said()}\n${readLogs(home)}\n${said.join("\n")}`;
    await context.close();
    await server.close();
    await killMarked(mark);
    throw new Error(`${error.message}\nPicture: ${file}\n${logs}`);
  });
  const editor: Editor = {
    ...window,
    openWindow,
    setSettings,
    async setTheme(theme) {
      setSettings({ "workbench.colorTheme": THEMES[theme].name });
      await window.page.locator(`.monaco-workbench.${THEMES[theme].mark}`).first().waitFor();
    },
    serverPid: (other) =>
      until("our language server's process", () => {
        const found = markedProcesses(mark).find(({ command }) => command.some((word) => word.endsWith(join("dist", "server", "main.js"))));
        return found !== undefined && found.pid !== other ? found.pid : null;
      }),
    logs: () => `${server.said()}\n${readLogs(home)}\n${said.join("\n")}`,
    close,
  };
  open.add(editor);
  return editor;
}

async function createWindow(page: Page, project: string | null): Promise<Window> {
  await ready(page);
  return {
    page,
    command: (titleOrId) => runCommand(page, titleOrId),
    pick: (text) => pick(page, text),
    answer: (text) => answer(page, text),
    openFile: (path) => openFile(page, resolve(project ?? "/", path)),
    typeInEditor: (text) => typeText(page, text),
    replaceText: (text) => replaceText(page, text),
    save: () => save(page),
    goTo: (line, column) => goTo(page, line, column),
    cursorAt: (line, column) => cursorAt(page, line, column),
    webview: (title) => webview(page, title),
    statusBar: (text) => statusBar(page, text),
    activity: (title) => activity(page, title),
    treeRows: (view) => treeRows(page, view),
    notifications: notifications(page),
    pressNotification: (text, button) => pressNotification(page, text, button),
    problems: () => problems(page),
    reload: async () => {
      await page.reload();
      await ready(page);
    },
    reloadWindow: async () => {
      await page.evaluate("globalThis.isOld = true");
      await runCommand(page, "Developer: Reload Window");
      await until("the new page", () => page.evaluate("globalThis.isOld === undefined"));
      await ready(page);
    },
    screenshot: (name) => picture(page, name),
  };
}

/** The workbench is there when its status bar has the item that the extension host's start puts there. */
async function ready(page: Page): Promise<void> {
  await page.locator(".monaco-workbench .part.statusbar .statusbar-item").first().waitFor({ timeout: START_MS });
  await page.locator("[id='status.problems']").waitFor({ timeout: START_MS });
}

function address(server: EditorServer, project: string | null): string {
  if (project === null) return `${server.url}?ew=true`;
  return `${server.url}?${project.endsWith(".code-workspace") ? "workspace" : "folder"}=${encodeURIComponent(project)}`;
}

async function picture(page: Page, name: string): Promise<string> {
  mkdirSync(results, { recursive: true });
  const file = join(results, `${name.replace(/[^\w.-]+/g, "-").slice(0, 80)}.png`);
  await page.screenshot({ path: file });
  return file;
}

/** Keeps what a failure leaves to look at, and says where. */
async function evidence(editor: Editor, name: string): Promise<string> {
  const file = await picture(editor.page, `failed-${name}`).catch((error: Error) => error.message);
  const log = join(results, `failed-${name.replace(/[^\w.-]+/g, "-").slice(0, 80)}.log`);
  mkdirSync(results, { recursive: true });
  writeFileSync(log, editor.logs());
  return `Picture and logs of “${name}”: ${file}, ${log}`;
}

function readLogs(home: string): string {
  return globSync("data/logs/**/*.log", { cwd: home })
    .map((file) => `== ${file}\n${readFileSync(join(home, file), "utf8")}`)
    .join("\n");
}
