import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder for what can be made or fetched again: the engine, its models, and indexes of projects on network file systems. `JIUZHANG_CACHE` names it outright; otherwise it is the place that
 * the platform has for caches (XDG base directories, %LOCALAPPDATA%, ~/Library/Caches).
 */
export function cacheDir(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const chosen = env.JIUZHANG_CACHE;
  if (chosen !== undefined && chosen !== "") return chosen;
  return join(platformCache(env, platform), "jiuzhang");
}

function platformCache(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const home = homedir();
  if (platform === "win32") return env.LOCALAPPDATA ?? join(home, "AppData", "Local");
  if (platform === "darwin") return join(home, "Library", "Caches");
  // The specification says that a relative path there is to be ignored.
  const xdg = env.XDG_CACHE_HOME;
  return xdg?.startsWith("/") ? xdg : join(home, ".cache");
}
