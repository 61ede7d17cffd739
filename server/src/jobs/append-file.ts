import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { crashPoint } from "../files/crash-point.ts";
import { writeAll } from "../files/durable.ts";

/** A file of lines that only this process appends to. */
export interface AppendFile {
  /** Writes whole lines with one write. Where the disk is full nothing of them stays and the error is thrown. */
  append(lines: string): void;
  /** Makes everything appended so far durable. */
  sync(): Promise<void>;
  syncNow(): void;
  /** Bytes of whole lines. */
  readonly bytes: number;
  close(): void;
}

/**
 * Opens a file of lines for appending and cuts off a torn last line, which a killed writer left. Where `whole` says that
 * the last line only lacks its newline, it is given one instead: what was received is not thrown away.
 */
export function openAppend(path: string, whole: (line: string) => boolean = () => false): AppendFile {
  const fd = openSync(path, "a+");
  let bytes = mendTail(fd, whole);

  return {
    append(lines) {
      const buffer = Buffer.from(lines);
      crashPoint("before a line is written");
      try {
        writeAll(fd, buffer);
      } catch (error) {
        ftruncateSync(fd, bytes);
        throw error;
      }
      bytes += buffer.length;
      crashPoint("after a line is written");
    },
    sync: () => new Promise((resolve, reject) => fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))),
    syncNow: () => fdatasyncSync(fd),
    get bytes() {
      return bytes;
    },
    close: () => closeSync(fd),
  };
}

/** Returns the length of the file after mending. */
function mendTail(fd: number, whole: (line: string) => boolean): number {
  const size = fstatSync(fd).size;
  const tail = tailAfterNewline(fd, size);
  if (tail.length === 0) return size;
  if (whole(tail.toString("utf8"))) {
    writeAll(fd, Buffer.from("\n"));
    return size + 1;
  }
  crashPoint("before a torn line is cut off");
  ftruncateSync(fd, size - tail.length);
  return size - tail.length;
}

function tailAfterNewline(fd: number, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let end = size; end > 0; ) {
    const chunk = Buffer.alloc(Math.min(65_536, end));
    const read = readSync(fd, chunk, 0, chunk.length, end - chunk.length);
    const newline = chunk.subarray(0, read).lastIndexOf(10);
    if (newline >= 0) return Buffer.concat([chunk.subarray(newline + 1, read), ...parts]);
    parts.unshift(chunk);
    end -= chunk.length;
  }
  return Buffer.concat(parts);
}
