import { constants, write as writeCallback } from "node:fs";
import { access, type FileHandle, lstat, open, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { fail } from "#protocol/errors.ts";
import { unfinished } from "../files/durable.ts";

/** Where exported rows go. `finish` puts a file in its place; without it, `close` leaves what was there before. */
export interface Target {
  /** Whether finishing would take the place of a file that holds something. */
  replaces: boolean;
  /** False once nobody reads any more, as behind `| head`. */
  write(bytes: Uint8Array): Promise<boolean>;
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** The open descriptor that a target names: 1 for `-` and `/dev/stdout`, n for `/dev/fd/n`; null for any other path. */
export function descriptorOf(to: string): number | null {
  if (to === "-") return 1;
  if (process.platform === "win32") return null;
  const name = /^\/dev\/(stdout|stderr)$/.exec(to)?.[1];
  if (name !== undefined) return name === "stdout" ? 1 : 2;
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d{1,6})$/.exec(to)?.[1];
  return number === undefined ? null : Number(number);
}

/**
 * Opens what rows are exported to: an open descriptor, a device or pipe (written straight through), or a file (links resolved),
 * which appears whole or not at all.
 * @throws usage/invalid-argument for a folder or a path in no folder; io/failed where writing is not allowed
 */
export async function openTarget(to: string): Promise<Target> {
  const descriptor = descriptorOf(to);
  if (descriptor !== null) return straight(descriptor, async () => {});
  const there = await statIfThere(to, to);
  if (there?.isDirectory())
    throw fail("usage/invalid-argument", "The rows cannot be written: this is a folder", {
      where: { file: to },
      remedy: "Name a file in it.",
    });
  if (there !== null && !there.isFile()) {
    const handle = there.isFIFO() ? await openPipe(to) : await open(to, "w").catch(refused(to));
    return straight(handle.fd, () => handle.close());
  }
  const path = there === null ? await followLinks(to) : await realpath(to);
  const folder = await statIfThere(dirname(path), to);
  if (!folder?.isDirectory())
    throw fail("usage/invalid-argument", `The rows cannot be written: there is no folder ${dirname(path)}`, {
      where: { file: to },
      remedy: "Make the folder, or name another file.",
    });
  if (there !== null) await access(path, constants.W_OK).catch(refused(to));
  return await replacing(path, to, there);
}

async function replacing(path: string, to: string, there: { size: number; mode: number } | null): Promise<Target> {
  const partial = unfinished(path);
  const handle: FileHandle = await open(partial, "wx", there === null ? 0o666 : 0o600).catch(refused(to));
  let closed = false;
  const close = async (): Promise<void> => {
    if (!closed) await handle.close();
    closed = true;
  };
  return {
    replaces: there !== null && there.size > 0,
    async write(bytes) {
      await handle.writeFile(bytes);
      return true;
    },
    async finish() {
      // Who may read the file does not change because it was written anew.
      if (there !== null) await handle.chmod(there.mode & 0o777);
      await handle.sync();
      await close();
      await rename(partial, path).catch(refused(to));
    },
    async close() {
      await close();
      await rm(partial, { force: true });
    },
  };
}

const writeSome = promisify(writeCallback);

function straight(fd: number, close: () => Promise<void>): Target {
  return {
    replaces: false,
    async write(bytes) {
      let pause = 1;
      for (let at = 0; at < bytes.length; )
        try {
          at += (await writeSome(fd, bytes, at, bytes.length - at, null)).bytesWritten;
          pause = 1;
        } catch (thrown) {
          const { code } = thrown as NodeJS.ErrnoException;
          if (code === "EPIPE") return false;
          if (code !== "EAGAIN") throw thrown;
          // A full pipe that does not block, as Node makes its own stdout, tells nobody when there is room again.
          await wait(pause);
          pause = Math.min(pause * 2, 50);
        }
      return true;
    },
    finish: async () => {},
    close,
  };
}

/** Opens a named pipe. Waiting inside the system could not be cancelled, so a missing reader is asked for again and again. */
async function openPipe(to: string): Promise<FileHandle> {
  for (;;)
    try {
      return await open(to, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ENXIO") throw refused(to)(thrown);
      await wait(50);
    }
}

/** The path that a link to nothing yet stands for; any other path as it is. */
async function followLinks(path: string): Promise<string> {
  for (let at = path, steps = 0; ; steps++) {
    const link = steps < 40 && (await lstat(at).catch(() => null))?.isSymbolicLink() === true;
    if (!link) return at;
    at = resolve(dirname(at), await readlink(at));
  }
}

async function statIfThere(path: string, to: string) {
  try {
    return await stat(path);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    return refused(to)(thrown);
  }
}

const REASONS: Record<string, string | undefined> = {
  EACCES: "that is not permitted",
  EPERM: "that is not permitted",
  EROFS: "the file system is read-only",
  EBUSY: "another program uses the file",
  ENXIO: "nothing takes what is written to it",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "the name is too long",
};

/** Throws for a target that cannot be written; what says something else, such as a full disk, goes on as it is. */
function refused(to: string): (thrown: unknown) => never {
  return (thrown) => {
    const reason = REASONS[(thrown as NodeJS.ErrnoException).code ?? ""];
    if (reason === undefined) throw thrown;
    throw fail("io/failed", `The rows cannot be written: ${reason}`, {
      where: { file: to },
      remedy: "Check the path and who may write there, or name another file.",
      data: { errno: (thrown as NodeJS.ErrnoException).code },
      cause: thrown,
    });
  };
}
