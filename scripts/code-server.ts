import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findNpm } from "../server/src/engine/find-npm.ts";
import { runProgram } from "../server/src/engine/run-program.ts";
import { tryLock } from "../server/src/jobs/lock.ts";
import { root } from "./root.ts";

/** A real VS Code that runs as a server: 600 MB, so it is no dependency but comes when it is first needed. */
export const CODE_SERVER_VERSION = "4.139.1";

/**
 * The entry file of an installed code-server. It is installed once into JIUZHANG_E2E_CACHE (else ~/.cache/jiuzhang-e2e), beside and
 * renamed into place, so a folder of that name is always whole; of several processes at once one installs and the others wait.
 * @throws with what npm said where the installation fails
 */
export async function installCodeServer(tell: (line: string) => void): Promise<string> {
  const chosen = process.env.JIUZHANG_E2E_CACHE;
  const cache = chosen !== undefined && chosen !== "" ? chosen : join(homedir(), ".cache", "jiuzhang-e2e");
  const target = join(cache, `code-server-${CODE_SERVER_VERSION}`);
  const entry = join(target, "node_modules", "code-server", "out", "node", "entry.js");
  if (existsSync(entry)) return entry;
  const lock = await takeTurn(cache, tell);
  try {
    if (existsSync(entry)) return entry;
    tell(`Installing VS Code for the browser (code-server ${CODE_SERVER_VERSION}, 600 MB, once) …`);
    // What a killed installation left: with the lock in hand, nobody is at work on it.
    for (const name of await readdir(cache)) if (name.startsWith(".new-")) await rm(join(cache, name), { recursive: true, force: true });
    const work = join(cache, `.new-${randomUUID()}`);
    try {
      await mkdir(work);
      await writeFile(join(work, "package.json"), JSON.stringify({ private: true }));
      await npm(work, ["install", "--save-exact", `code-server@${CODE_SERVER_VERSION}`]);
      const vscode = join(work, "node_modules", "code-server", "lib", "vscode");
      await npm(vscode, ["install", "--omit=dev"]);
      await standIn(join(vscode, "node_modules", "@vscode"));
      await rename(work, target);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return entry;
  } finally {
    lock.release();
  }
}

/** Two parts of VS Code come as sources for a compiler; in their place: a log writer, and no watchdog. */
async function standIn(modules: string): Promise<void> {
  await copyFile(join(root, "scripts", "spdlog.cjs"), join(modules, "spdlog", "index.js"));
  await writeFile(join(modules, "native-watchdog", "index.js"), "exports.start = () => {};\n");
}

async function takeTurn(cache: string, tell: (line: string) => void) {
  for (let told = false; ; told = true) {
    const attempt = await tryLock(cache, "install");
    if ("lock" in attempt) return attempt.lock;
    if (!told) tell(`Process ${attempt.heldBy.pid} installs VS Code for the browser; waiting for it …`);
    await wait(500);
  }
}

async function npm(folder: string, args: readonly string[]): Promise<void> {
  const program = findNpm();
  if (program === null) throw new Error("There is no npm on this machine's PATH: install Node.js with npm.");
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  const impatient = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"];
  const { code, stdout, stderr } = await runProgram(program.file, [...program.args, ...args, ...quiet, ...impatient, "--prefix", folder], {
    cwd: folder,
  });
  if (code !== 0) throw new Error(`VS Code for the browser could not be installed: npm ${args[0]} failed.\n${stderr || stdout}`);
}
