import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface EditorServerOptions {
  /** Entry file of an installed code-server. */
  entry: string;
  /** Folder for everything that the editor keeps: settings, state, logs. */
  home: string;
  /** Extensions that were installed there by `installExtensions`. */
  extensionsDir: string;
  /** What the user settings are at first; those that are there stay. */
  settings: Record<string, unknown>;
  /** Any free one where it is not given. */
  port?: number;
  env?: NodeJS.ProcessEnv;
}

export interface EditorServer {
  /** Without a folder; `?folder=/…` opens one. */
  url: string;
  process: ChildProcess;
  /** What it has written so far. */
  said(): string;
  /** Ends it with all its children, also those that do not obey. */
  close(): Promise<void>;
}

/** Settings under which nothing of the editor's own offers stands in the way. */
export const QUIET_SETTINGS: Record<string, unknown> = {
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "extensions.ignoreRecommendations": true,
  "extensions.autoUpdate": "off",
  "extensions.autoCheckUpdates": false,
  "git.enabled": false,
  "telemetry.telemetryLevel": "off",
  "files.autoSave": "off",
  "security.workspace.trust.enabled": false,
};

/** Lets the editor itself install packaged extensions into a folder: what it would refuse in the field, it refuses here. */
export function installExtensions(entry: string, extensionsDir: string, home: string, packages: readonly string[]): void {
  for (const file of packages) {
    const argv = [entry, ...folders(home, extensionsDir), "--force", "--install-extension", file];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", env: environment(home) });
    if (status !== 0 || !stdout.includes("successfully installed"))
      throw new Error(`VS Code does not install ${file}:\n${stdout}${stderr}`);
  }
}

/** Starts the editor on a port of this machine, reachable from nowhere else. */
export async function serveEditor(options: EditorServerOptions): Promise<EditorServer> {
  const { entry, home, extensionsDir, settings } = options;
  const user = join(home, "data", "User");
  mkdirSync(user, { recursive: true });
  const settingsFile = join(user, "settings.json");
  if (!existsSync(settingsFile)) writeFileSync(settingsFile, JSON.stringify(settings, null, 2));
  const flags = ["--auth", "none", "--bind-addr", `127.0.0.1:${options.port ?? 0}`, "--disable-telemetry", "--disable-update-check"];
  const views = ["--disable-getting-started-override", "--disable-proxy", "--ignore-last-opened"];
  const trust = settings["security.workspace.trust.enabled"] === true ? [] : ["--disable-workspace-trust"];
  const child = spawn(process.execPath, [entry, ...folders(home, extensionsDir), ...flags, ...views, ...trust], {
    env: { ...environment(home), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  let said = "";
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const stopNow = () => isOver() || stop(child);
  process.once("exit", stopNow);
  const close = async () => {
    process.off("exit", stopNow);
    if (isOver()) return;
    const ended = once(child, "exit");
    stop(child);
    await ended;
  };
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      said += chunk;
      const found = /HTTP server listening on (http:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The editor ended with exit ${code} before it listened:\n${said}`)));
  });
  return { url, process: child, said: () => said, close };
}

function folders(home: string, extensionsDir: string): string[] {
  return ["--config", join(home, "config.yaml"), "--user-data-dir", join(home, "data"), "--extensions-dir", extensionsDir];
}

/** Nothing of a surrounding editor, and nothing into the user's own configuration. */
function environment(home: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|npm_|NODE_OPTIONS$|NODE_TEST|PORT$|PASSWORD$)/.test(name),
  );
  return { ...Object.fromEntries(inherited), XDG_CONFIG_HOME: join(home, "config"), XDG_DATA_HOME: join(home, "share") };
}

/** Everything that it started in its own process group. Jobs of the extension have groups of their own, as they outlive the editor. */
function stop(child: ChildProcess): void {
  if (process.platform === "win32") spawnSync("taskkill", ["/pid", String(child.pid), "/t", "/f"]);
  else if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
}
