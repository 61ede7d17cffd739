import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import { crashPoint } from "../files/crash-point.ts";
import { readIfThere, replaceFile } from "../files/durable.ts";
import { isAlive, type ProcessIdentity, processIdentity } from "../hosts/process-identity.ts";

export interface Lock {
  release(): void;
}

export type LockAttempt = { lock: Lock } | { heldBy: ProcessIdentity; file: string; foreign: boolean };

interface LockFile extends ProcessIdentity {
  token: string;
  released: boolean;
}

/**
 * Takes the lock `name` in a directory, or says who holds it. Safe among processes that are killed at any point, and
 * without a moment in which two hold it:
 *
 * The lock is a row of files `name.1.lock`, `name.2.lock`, … and the highest one counts. Whoever finds its owner dead
 * (or the lock released) makes the next number, which only one can do because a hard link does not replace a file, and
 * then looks again whether it is still the highest. A release marks the file and leaves it there, so the highest number
 * never falls and a slow process cannot take a number that others have passed. Files below the highest mean nothing.
 */
export async function tryLock(directory: string, name: string): Promise<LockAttempt> {
  mkdirSync(directory, { recursive: true });
  const identity = await processIdentity();
  if (identity === null) throw fail("internal", "This process does not find itself in the process table");
  const token = randomBytes(8).toString("hex");
  const mine: LockFile = { ...identity, token, released: false };
  for (;;) {
    const number = highest(directory, name);
    const file = join(directory, lockName(name, number));
    const owner = number === 0 ? null : readLock(file);
    if (owner !== null && !owner.released) {
      const alive = await isAlive(owner);
      if (alive !== false) return { heldBy: owner, file, foreign: alive === "unknown" };
    }
    const own = join(directory, lockName(name, number + 1));
    if (!create(directory, own, mine)) continue;
    crashPoint("lock created");
    if (highest(directory, name) !== number + 1) {
      rmSync(own, { force: true });
      continue;
    }
    for (let old = number; old > 0 && readIfThere(join(directory, lockName(name, old))) !== null; old--)
      rmSync(join(directory, lockName(name, old)), { force: true });
    // What killed processes left. One that is alive makes its own again.
    for (const left of readdirSync(directory)) if (left.startsWith(".lock-")) rmSync(join(directory, left), { force: true });
    return { lock: { release: () => replaceFile(own, JSON.stringify({ ...mine, released: true })) } };
  }
}

/** How to release a lock that this process holds although nobody in it remembers how; null where it does not hold it. */
export async function releaseOwn(directory: string, name: string): Promise<(() => void) | null> {
  const number = highest(directory, name);
  const file = join(directory, lockName(name, number));
  const owner = number === 0 ? null : readLock(file);
  const identity = await processIdentity();
  if (owner === null || owner.released || owner.pid !== process.pid || owner.process_start !== identity?.process_start) return null;
  return () => replaceFile(file, JSON.stringify({ ...owner, released: true }));
}

const lockName = (name: string, number: number): string => `${name}.${number}.lock`;

function highest(directory: string, name: string): number {
  let found = 0;
  for (const file of readdirSync(directory)) {
    if (!file.startsWith(`${name}.`) || !file.endsWith(".lock")) continue;
    const number = Number(file.slice(name.length + 1, -".lock".length));
    if (Number.isSafeInteger(number) && number > found) found = number;
  }
  return found;
}

/** Null where the file is gone or holds nothing readable: then nobody can be its living owner, because it appears whole. */
function readLock(file: string): LockFile | null {
  const text = readIfThere(file);
  if (text === null || text.trim() === "") return null;
  try {
    return JSON.parse(text) as LockFile;
  } catch {
    return null;
  }
}

/** Makes the file appear whole, or not at all where it exists. */
function create(directory: string, file: string, content: LockFile): boolean {
  const temporary = join(directory, `.lock-${content.token}.tmp`);
  writeFileSync(temporary, JSON.stringify(content));
  crashPoint("lock prepared");
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EEXIST") return false;
    if (code === "ENOENT") return false;
    // Some file systems have no hard links; there the exclusive creation has a short moment in which the file is empty.
    return createWithoutLink(file, content);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function createWithoutLink(file: string, content: LockFile): boolean {
  try {
    writeFileSync(file, JSON.stringify(content), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
