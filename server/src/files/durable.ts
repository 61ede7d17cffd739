import { randomBytes } from "node:crypto";
import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crashPoint } from "./crash-point.ts";

const HELD_CHARACTERS = 256 * 1024;

/** Writes all of a buffer or throws: a short write is retried, so that a full disk shows as its error and never as a torn file. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** A name beside `path` for what is not finished yet. */
export const unfinished = (path: string): string => `${path}.${randomBytes(6).toString("hex")}.tmp`;

/**
 * Replaces a file as a whole: written checked, synced, renamed into place, the directory synced. A reader sees the old or the new one;
 * who may read and write it stays.
 */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = unfinished(path);
  const before = statSync(path, { throwIfNoEntry: false });
  const mode = before === undefined ? 0o666 : before.mode & 0o777;
  try {
    const fd = openSync(temporary, "wx", mode);
    try {
      // The mask of the process may have taken away what the file before had.
      if (before !== undefined) fchmodSync(fd, mode);
      crashPoint("temporary file opened");
      writeAll(fd, typeof content === "string" ? Buffer.from(content) : content);
      finish(fd);
    } finally {
      closeSync(fd);
    }
    putInPlace(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The same for a file that may be large: `lines`, each with its newline, are written as they come. */
export async function replaceFileByLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  const temporary = unfinished(path);
  try {
    const fd = openSync(temporary, "wx");
    try {
      let held = "";
      for await (const line of lines) {
        held += line;
        if (held.length < HELD_CHARACTERS) continue;
        writeAll(fd, Buffer.from(held));
        held = "";
      }
      writeAll(fd, Buffer.from(held));
      finish(fd);
    } finally {
      closeSync(fd);
    }
    putInPlace(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function finish(fd: number): void {
  crashPoint("temporary file written");
  fsyncSync(fd);
}

function putInPlace(temporary: string, path: string): void {
  crashPoint("temporary file synced");
  renameSync(temporary, path);
  crashPoint("file renamed into place");
  syncDirectory(dirname(path));
}

/** Makes names in a directory durable. Windows cannot open a directory and does not need it. */
export function syncDirectory(directory: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(directory, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The text of a file, or null where it does not exist. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
