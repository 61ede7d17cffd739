import { constants, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, type Stats } from "node:fs";
import { copyFile, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { AppError } from "#protocol/errors.ts";
import type { StartedFile } from "#protocol/files/job.ts";
import { hashFile } from "../engine/hash-file.ts";
import { readIfThere, replaceFile, syncDirectory, unfinished } from "../files/durable.ts";
import { objectIn } from "../files/json.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { hostFailure } from "./system-error.ts";
import type { FileStat, JobSight, Transferred, Transport } from "./transport.ts";

export const HERE_NAME = "this machine";

type FileWork = Pick<
  Transport,
  "stat" | "read" | "writeWhole" | "makeFolder" | "mkdirExclusive" | "list" | "remove" | "upload" | "download" | "observe"
>;

/** Files of this machine, as a host has them. */
export const filesHere: FileWork = {
  stat: (path) =>
    guard(path, async (at) => {
      try {
        return statOf(await stat(at));
      } catch (error) {
        if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
        throw error;
      }
    }),
  read: (path, offset, length) => guard(path, (at) => readAt(at, offset, length)),
  writeWhole: (path, bytes) => guard(path, async (at) => replaceFile(at, bytes)),
  makeFolder: (path) =>
    guard(path, async (at) => {
      await mkdir(at, { recursive: true });
    }),
  mkdirExclusive: (path, files = {}) => guard(path, async (at) => makeExclusive(at, files)),
  list: (path) => guard(path, list),
  remove: (path) => guard(path, (at) => rm(at, { recursive: true, force: true })),
  upload: (from, to) => guard(to, (at) => copy(from, at)),
  download: (from, to) => guard(from, (at) => copy(at, to)),
  observe: (directory) => guard(directory, observe),
};

export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

async function guard<T>(path: string, work: (path: string) => Promise<T>): Promise<T> {
  try {
    return await work(expandHome(path));
  } catch (error) {
    throw failureHere(error, path);
  }
}

/** A failed system call as the same problem that it would be on another host. */
export function failureHere(error: unknown, path: string): unknown {
  if (error instanceof AppError) return error;
  const { code, message, path: file = path } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? hostFailure(HERE_NAME, { errno: code, message, path: file }) : error;
}

const statOf = (found: Stats): FileStat => ({
  kind: found.isFile() ? "file" : found.isDirectory() ? "folder" : "other",
  bytes: found.size,
  modified: found.mtimeMs,
});

async function readAt(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, (await file.stat()).size - offset)));
    let held = 0;
    while (held < buffer.length) {
      const { bytesRead } = await file.read(buffer, held, buffer.length - held, offset + held);
      if (bytesRead === 0) break;
      held += bytesRead;
    }
    return buffer.subarray(0, held);
  } finally {
    await file.close();
  }
}

async function list(folder: string) {
  const names = (await readdir(folder)).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const entries = await Promise.all(names.map(async (name) => ({ name, found: await stat(join(folder, name)).catch(() => null) })));
  return entries.flatMap(({ name, found }) => (found === null ? [] : [{ name, ...statOf(found) }]));
}

/** Renaming a folder onto another that is not empty fails, so one only of several wins, with its files in it. */
function makeExclusive(path: string, files: Record<string, Uint8Array | string>): boolean {
  const parent = dirname(path);
  mkdirSync(parent, { recursive: true });
  // An empty folder that somebody else made is theirs, too, and would be replaced by the rename.
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
  if (Object.keys(files).length === 0) return madeEmpty(path);
  const building = unfinished(join(parent, ".new"));
  mkdirSync(building);
  try {
    for (const [file, bytes] of Object.entries(files)) replaceFile(join(building, file), bytes);
    try {
      renameSync(building, path);
    } catch (error) {
      if (existsSync(path)) return false;
      throw error;
    }
    syncDirectory(parent);
    return true;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function madeEmpty(path: string): boolean {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  syncDirectory(dirname(path));
  return true;
}

/** Copies beside the place and renames. On file systems that share blocks, nothing is copied. */
async function copy(from: string, to: string): Promise<Transferred> {
  const part = unfinished(to);
  try {
    await copyFile(from, part, constants.COPYFILE_FICLONE);
    const file = await open(part, "r+");
    await file.sync();
    await file.close();
    const sha256 = await hashFile(part);
    const { size: bytes } = await stat(part);
    await rename(part, to);
    syncDirectory(dirname(to));
    return { bytes, sha256, sent: bytes };
  } finally {
    await rm(part, { force: true });
  }
}

/** All of one run: who runs it stands in the run that counts before it stands in `started.json`. */
async function observe(directory: string): Promise<JobSight> {
  for (;;) {
    const { number, run } = lastRun(join(directory, "runs"));
    const sight = await sightOf(directory, run);
    if (lastRun(join(directory, "runs")).number === number) return sight;
  }
}

/** The exit is read after the process was looked at: whoever was seen dead has written it, or never will. */
async function sightOf(directory: string, run: Run | null): Promise<JobSight> {
  const started = run === null ? objectAt(join(directory, "started.json")) : startedOf(run);
  const alive = typeof started?.pid === "number" ? await isAlive(started as unknown as ProcessIdentity) : null;
  const exit = objectAt(join(directory, "exit.json"));
  const another = run !== null && exit !== null && Object.keys(exit).length > 0 && !tellsOf(exit, run);
  const manifest = objectAt(join(directory, "out", "manifest.json"));
  return { started, alive, exit: another ? null : exit, manifest, run: run?.run ?? null };
}

/** What a supervisor says of itself when it claims the job. */
type Run = StartedFile & { run: string };

const startedOf = ({ host, pid, process_start, boot_id, started, run }: Run) => ({ host, pid, process_start, boot_id, started, run });

/** An exit without a token was written before there were any: it cannot end before its run started. */
const tellsOf = (exit: Record<string, unknown>, { run, started }: Run): boolean =>
  exit.run === undefined ? String(exit.ended ?? "") >= started : exit.run === run;

function objectAt(path: string): Record<string, unknown> | null {
  const text = readIfThere(path);
  return text === null ? null : (objectIn(text) ?? {});
}

/** Runs are numbered folders; the highest counts. */
function lastRun(folder: string): { number: number; run: Run | null } {
  if (!existsSync(folder)) return { number: 0, run: null };
  const number = Math.max(0, ...readdirSync(folder).map((name) => (/^\d+$/.test(name) ? Number(name) : 0)));
  const run = objectAt(join(folder, String(number), "run.json"));
  return { number, run: typeof run?.run === "string" ? (run as Run) : null };
}
