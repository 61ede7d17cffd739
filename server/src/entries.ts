import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "#protocol/errors.ts";

const here = fileURLToPath(import.meta.url);
const fromSource = here.endsWith(".ts");

/** Entry files of our own processes and threads: bundles beside this one, or the sources where these run directly. */
export const entries = {
  send: entry("send"),
  thread: entry("thread"),
  runner: entry("runner"),
  tokenizer: entry("tokenizer"),
  engine: fromSource ? entry("engine/main") : entry("engine"),
};

function entry(name: string): string {
  return join(dirname(here), `${name}${fromSource ? ".ts" : ".js"}`);
}

/** A folder that ships with the program: `prompts` or `media`. */
export function shippedFolder(name: "prompts" | "media"): string {
  for (let dir = dirname(here); dirname(dir) !== dir; dir = dirname(dir)) {
    const folder = join(dir, name);
    if (existsSync(folder) && existsSync(join(dir, "package.json"))) return folder;
  }
  throw fail("io/failed", `The folder “${name}” that belongs to the program is missing`, {
    where: { file: here },
    remedy: "Install the program again.",
  });
}
