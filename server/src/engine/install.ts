import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import { findNpm, type Program } from "./find-npm.ts";
import { type EnginePlatform, enginePlatform } from "./platform.ts";
import { runProgram } from "./run-program.ts";
import { watchGrowth } from "./watch-growth.ts";

/** About what an installation takes on disk, in bytes. */
export const ENGINE_BYTES = 80_000_000;

export interface InstallOptions {
  cacheDir: string;
  /** Folder with the locks, `media/engine` of this package. */
  lockDir: string;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Null means: this machine has no npm. Found where it is not given. */
  npm?: Program | null;
}

/**
 * Makes sure that the engine of exactly the locked versions is installed and gives its folder. It is installed beside and renamed into
 * place, so a folder of that name is always whole, and of two processes at once one wins and the other uses what won.
 * @throws engine/unsupported-platform, engine/install-failed
 */
export async function installEngine(options: InstallOptions): Promise<string> {
  const { lock, target } = await locate(options);
  if (isInstalled(target)) return target;

  const npm = options.npm === undefined ? findNpm() : options.npm;
  if (npm === null)
    throw fail("engine/install-failed", "The embedded engine cannot be installed: there is no npm on this machine's PATH", {
      remedy: "Install Node.js with npm, or use another server: --base-url URL --model NAME.",
    });
  await mkdir(options.cacheDir, { recursive: true });
  await sweep(options.cacheDir);
  const work = `${target}.tmp-${randomUUID()}`;
  const watch = watchGrowth(work, { stage: "Installing the engine", total: ENGINE_BYTES }, options.onProgress);
  try {
    await mkdir(work);
    await writeFile(join(work, "package.json"), lock.packageJson);
    await writeFile(join(work, "package-lock.json"), lock.packageLock);
    const args = [...npm.args, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
    const result = await runProgram(npm.file, args, { cwd: work, signal: options.signal });
    if (result.code !== 0) throw installFailed(result.stderr);
    await rename(work, target).catch((error) => {
      // Another process was first; its folder is as good as ours.
      if (!existsSync(target)) throw error;
    });
    watch.stop(true);
  } finally {
    watch.stop(false);
    await rm(work, { recursive: true, force: true });
  }
  return target;
}

/** The folder of the engine of exactly the locked versions, or null where it is not installed. @throws engine/unsupported-platform */
export async function installedEngine(options: Pick<InstallOptions, "cacheDir" | "lockDir">): Promise<string | null> {
  const { target } = await locate(options);
  return isInstalled(target) ? target : null;
}

const isInstalled = (target: string): boolean => existsSync(join(target, "node_modules", "node-llama-cpp", "package.json"));

/** What is to be installed, and the folder that is named after it. */
async function locate({ cacheDir, lockDir }: Pick<InstallOptions, "cacheDir" | "lockDir">) {
  const platform = enginePlatform();
  const lock = await adaptLock(join(lockDir, platform.lock), platform);
  const digest = createHash("sha256").update(lock.packageJson).update(lock.packageLock).update(platform.key).digest("hex").slice(0, 16);
  return { lock, target: join(cacheDir, `engine-${digest}`) };
}

/**
 * The lock as this one platform needs it. npm installs all optional packages that fit the platform or none, and the engine has CUDA and
 * Vulkan builds among its optional packages, 600 MB that run nowhere here. So the one wanted binary becomes an ordinary dependency and
 * every optional package leaves the lock, together with its mention: `npm ci` of every version since 9 then installs exactly this,
 * each file checked against its hash.
 */
async function adaptLock(folder: string, platform: EnginePlatform): Promise<{ packageJson: string; packageLock: string }> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8"));
  const binary = lock.packages[`node_modules/${platform.binary}`];
  if (binary === undefined)
    throw fail("engine/unsupported-platform", `The lock of the embedded engine has no build for ${platform.key}`, {
      remedy: "Use any OpenAI-compatible server instead: --base-url URL --model NAME.",
      where: { file: join(folder, "package-lock.json") },
    });
  delete binary.optional;
  manifest.dependencies[platform.binary] = binary.version;
  lock.packages[""].dependencies[platform.binary] = binary.version;
  for (const [name, entry] of Object.entries<{ optional?: boolean; optionalDependencies?: unknown }>(lock.packages)) {
    if (entry.optional === true) delete lock.packages[name];
    else delete entry.optionalDependencies;
  }
  return { packageJson: JSON.stringify(manifest), packageLock: JSON.stringify(lock) };
}

const OFFLINE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|network/;

function installFailed(stderr: string) {
  const said =
    stderr
      .trim()
      .split("\n")
      .filter((line) => line.includes("npm error"))
      .slice(0, 6)
      .join("\n") || stderr.trim().slice(-500);
  if (/ENOSPC/.test(stderr))
    return fail("io/disk-full", "The disk is full: the embedded engine needs about 200 MB", {
      remedy: "Free some space, or set JIUZHANG_CACHE to a folder on another disk.",
      data: { said },
    });
  return OFFLINE.test(stderr)
    ? fail("engine/install-failed", "The embedded engine cannot be installed: npm does not reach its registry", {
        remedy: "Connect to the network or set npm's registry or proxy once, or use another server: --base-url URL --model NAME.",
        data: { said },
      })
    : fail("engine/install-failed", "npm could not install the embedded engine", {
        remedy: "See what npm says (below, or with --json), or use another server: --base-url URL --model NAME.",
        data: { said },
      });
}

const DAY_MS = 86_400_000;

/** Removes what killed installations left behind. A folder of today may still be at work. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/\.tmp-[\w-]+$/.test(name)) continue;
    const path = join(folder, name);
    const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? Date.now());
    if (age > DAY_MS) await rm(path, { recursive: true, force: true });
  }
}
