import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fail } from "#protocol/errors.ts";
import { hashFile } from "../engine/hash-file.ts";
import { syncDirectory } from "../files/durable.ts";
import { type ChannelOptions, createChannel } from "./ssh-channel.ts";
import { supervise } from "./supervise.ts";
import type { FileStat, JobSight, Transport } from "./transport.ts";

const CHUNK = 4 * 1024 * 1024;

/** The helper's words about a program that has ended; both its outputs follow, the first being `stdout` bytes long. */
interface ExecHead {
  code: number | null;
  signal: string | null;
  timed_out: boolean;
  stdout: number;
}

/** A machine that the system's own ssh reaches, with the user's own configuration. */
export function createSsh(options: ChannelOptions): Transport {
  const channel = createChannel(options);
  const name = options.destination;
  const ask = channel.ask;

  const exec: Transport["exec"] = async (argv, { cwd, stdin, env, timeout, repeatable = false } = {}) => {
    const head = {
      op: "exec",
      argv,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      ...(timeout === undefined ? {} : { timeout: timeout / 1000 }),
    };
    const answer = await ask(head, stdin === undefined ? null : Buffer.from(stdin), repeatable);
    const { code, signal, timed_out, stdout } = answer.head as unknown as ExecHead;
    return { code, signal, timedOut: timed_out, stdout: answer.data.subarray(0, stdout), stderr: answer.data.subarray(stdout) };
  };
  const statOf = async (path: string) => (await ask({ op: "stat", path })).head.stat as FileStat | null;
  const hashThere = async (path: string) => (await ask({ op: "sha256", path })).head as unknown as { sha256: string; size: number };
  const reach = { name, exec, python: async () => (await channel.hello()).python };

  return {
    ...reach,
    ...supervise(reach),
    stat: statOf,
    async read(path, offset, length) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < length; ) {
        const { data } = await ask({ op: "read", path, offset: offset + at, length: Math.min(CHUNK, length - at) });
        if (data.length === 0) break;
        pieces.push(data);
        at += data.length;
      }
      return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    },
    async writeWhole(path, bytes) {
      await ask({ op: "write", path }, Buffer.from(bytes));
    },
    async makeFolder(path) {
      await ask({ op: "make-folder", path });
    },
    async mkdirExclusive(path, files = {}) {
      const contents = Object.entries(files).map(([file, bytes]) => [file, Buffer.from(bytes)] as const);
      const head = { op: "make-exclusive", path, files: contents.map(([file, bytes]) => [file, bytes.length]) };
      return (await ask(head, Buffer.concat(contents.map(([, bytes]) => bytes)), false)).head.made === true;
    },
    async list(path) {
      const { entries } = (await ask({ op: "list", path })).head as { entries: [string, FileStat["kind"], number, number][] };
      return entries.map(([entry, kind, bytes, modified]) => ({ name: entry, kind, bytes, modified }));
    },
    async remove(path) {
      await ask({ op: "remove", path });
    },
    async observe(directory) {
      const { started, alive, exit, manifest, run } = (await ask({ op: "observe", path: directory })).head as unknown as JobSight;
      return { started, alive, exit, manifest, run };
    },

    async upload(from, to) {
      const { size: bytes } = await stat(from);
      const sha256 = await hashFile(from);
      const there = await statOf(to);
      if (there?.kind === "file" && there.bytes === bytes && (await hashThere(to)).sha256 === sha256) return { bytes, sha256, sent: 0 };
      const part = partOf(to, sha256);
      const file = await open(from, "r");
      let sent = 0;
      try {
        for (let attempt = 0; attempt < 2; attempt++) {
          const before = attempt === 0 ? ((await statOf(part))?.bytes ?? 0) : 0;
          let offset = before > bytes ? 0 : before;
          // An empty file is made by one empty piece.
          do {
            const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, offset);
            await ask({ op: "write-at", path: part, offset }, buffer.subarray(0, bytesRead));
            offset += bytesRead;
            sent += bytesRead;
            if (bytesRead === 0) break;
          } while (offset < bytes);
          const done = await ask({ op: "put-in-place", part, path: to, sha256, size: bytes });
          if (done.head.done === true) return { bytes, sha256, sent };
        }
      } finally {
        await file.close();
      }
      throw fail("host/failed", `What arrived on ${name} is not what was sent`, {
        where: { file: from },
        remedy: "Do not change the file while it is sent; then do the same again.",
      });
    },

    async download(from, to) {
      const { sha256, size } = await hashThere(from);
      const part = partOf(to, sha256);
      let sent = 0;
      for (let attempt = 0; attempt < 2; attempt++) {
        const file = await open(part, attempt === 0 ? "a+" : "w+");
        try {
          let { size: offset } = await file.stat();
          while (offset < size) {
            const { data } = await ask({ op: "read", path: from, offset, length: Math.min(CHUNK, size - offset) });
            if (data.length === 0) break;
            await file.appendFile(data);
            offset += data.length;
            sent += data.length;
          }
          await file.sync();
        } finally {
          await file.close();
        }
        if ((await hashFile(part)) === sha256) {
          await rename(part, to);
          syncDirectory(dirname(to));
          return { bytes: size, sha256, sent };
        }
        await rm(part, { force: true });
      }
      throw fail("host/failed", `What arrived from ${name} is not what lies there`, {
        where: { file: from },
        remedy: "It was changed while it was fetched; do the same again.",
      });
    },
    close: channel.close,
  };
}

/** What is not all there yet. Its name holds the content's hash, so that only the same content is continued. */
const partOf = (path: string, sha256: string): string => `${path}.part-${sha256.slice(0, 16)}`;
