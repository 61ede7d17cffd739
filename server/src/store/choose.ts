import { fail } from "#protocol/errors.ts";

export type Engine = "native" | "builtin";

/** Below this better-sqlite3 13 ends the process without an exception, so it must not even be loaded. */
const NATIVE_SINCE = [22, 14] as const;
/** `node:sqlite` needs no flag from here on. */
const BUILTIN_SINCE = [22, 13] as const;

/**
 * Which SQLite engines to try, in order, under a Node version such as `24.1.0`.
 * `wish` is the value of JIUZHANG_SQLITE: `native`, `node`, or nothing. Throws `index/node-too-old`.
 */
export function chooseEngines(nodeVersion: string, wish: string | undefined): Engine[] {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
  const since = ([a, b]: readonly [number, number]) => major > a || (major === a && minor >= b);
  const engines: Engine[] = [];
  if (since(NATIVE_SINCE) && wish !== "node") engines.push("native");
  if (since(BUILTIN_SINCE) && wish !== "native") engines.push("builtin");
  if (engines.length === 0)
    throw fail("index/node-too-old", `Node ${nodeVersion} is too old for the index`, {
      remedy: "Run with Node 22.18 or newer; `npm start` finds or installs one.",
      data: { node: nodeVersion },
    });
  return engines;
}
