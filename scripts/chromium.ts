import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge"];

/** Flags that keep a driven browser quiet and let it run without a display, a GPU or a sandbox of its own. */
export const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The Chromium-based browser of this machine: the one that CHROMIUM names, one on PATH, or one in its usual place. Null where there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.CHROMIUM !== undefined && env.CHROMIUM !== "") return existsSync(env.CHROMIUM) ? env.CHROMIUM : null;
  const folders = (env.PATH ?? env.Path ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = NAMES.flatMap((name) => [...folders, "/usr/bin"].map((folder) => join(folder, name)));
  return [...onPath, ...usualPlaces(env)].find((path) => existsSync(path)) ?? null;
}

function usualPlaces(env: NodeJS.ProcessEnv): string[] {
  if (process.platform === "darwin")
    return ["Google Chrome", "Chromium", "Microsoft Edge"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  if (process.platform !== "win32") return [];
  return [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA]
    .filter((folder) => folder !== undefined)
    .flatMap((folder) => [
      join(folder, "Google", "Chrome", "Application", "chrome.exe"),
      join(folder, "Microsoft", "Edge", "Application", "msedge.exe"),
    ]);
}
