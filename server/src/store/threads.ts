import type { Progress } from "#protocol/corpus.ts";
import { AppError, fail } from "#protocol/errors.ts";
import { NEEDS_WRITE } from "./needs-write.ts";
import type { Args, OpTable, Result } from "./ops.ts";
import { ThreadClient } from "./thread-client.ts";

/** Reads that run at the same time; further ones wait. */
const MOST_READERS = 3;

/** A cancelled read that is over in so many milliseconds leaves a thread that can read on; a longer one is ended with its thread. */
const GRACE_MILLISECONDS = 200;

export interface Store<W extends OpTable, R extends OpTable> {
  /**
   * Runs an operation in the writer thread, one after the other. `signal` asks it to stop at its next transaction.
   * A writer that died is started anew by the next write.
   */
  write<K extends keyof W & string>(op: K, args: Args<W, K>, options?: CallOptions): Promise<Result<W, K>>;
  /** Runs an operation in a reader thread. `signal` ends it at once for the caller, and soon for good, however long its statement would have run. */
  read<K extends keyof R & string>(op: K, args: Args<R, K>, options?: CallOptions): Promise<Result<R, K>>;
  close(): Promise<void>;
}

export interface CallOptions {
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The index behind threads: one writer, and disposable readers (SQLite has no way to interrupt a statement from outside).
 * `path`: the index file; `project`: the project's root; `entry`: the file that each thread runs, which calls `serveThread`.
 * Rejects with `AppError`s; nothing is opened before the first call.
 */
export function createStore<W extends OpTable, R extends OpTable>(options: {
  path: string;
  project: string;
  entry: string | URL;
}): Store<W, R> {
  const { path, project, entry } = options;
  let writer: ThreadClient | null = null;
  let closed = false;
  const readers = new Set<ThreadClient>();
  /** Readers that somebody has: whoever ends one must end no read of anybody else. */
  const taken = new Set<ThreadClient>();
  const waiting = new Set<() => void>();

  async function write(op: string, args: unknown, { onProgress, signal }: CallOptions = {}): Promise<unknown> {
    refuse(signal);
    if (writer === null || !writer.alive) writer = new ThreadClient(entry, { mode: "write", path, project });
    const { result, cancel } = writer.call(op, args, onProgress);
    signal?.addEventListener("abort", cancel, { once: true });
    return await result.finally(() => signal?.removeEventListener("abort", cancel));
  }

  async function read(op: string, args: unknown, call: CallOptions = {}): Promise<unknown> {
    try {
      return await readOnce(op, args, call);
    } catch (thrown) {
      const needed = thrown instanceof AppError ? thrown.problem.data?.[NEEDS_WRITE] : undefined;
      if (typeof needed !== "string") throw thrown;
      await write(needed, null, { signal: call.signal });
      return await readOnce(op, args, call);
    }
  }

  async function readOnce(op: string, args: unknown, { onProgress, signal }: CallOptions): Promise<unknown> {
    const reader = await takeReader(signal);
    const free = () => {
      taken.delete(reader);
      if (!reader.alive) readers.delete(reader);
      waiting.values().next().value?.();
    };
    // It may have been cancelled while the reader was waited for.
    if (closed || signal?.aborted) {
      free();
      refuse(signal);
    }
    const { result, cancel } = reader.call(op, args, onProgress);
    return await new Promise((resolve, reject) => {
      let grace: NodeJS.Timeout | undefined;
      const end = () => {
        cancel();
        grace = setTimeout(() => void reader.kill(), GRACE_MILLISECONDS);
        reject(fail("cancelled", "Cancelled"));
      };
      signal?.addEventListener("abort", end, { once: true });
      const over = () => {
        clearTimeout(grace);
        signal?.removeEventListener("abort", end);
        free();
      };
      result.then(resolve, reject).finally(over);
    });
  }

  async function takeReader(signal: AbortSignal | undefined): Promise<ThreadClient> {
    for (;;) {
      refuse(signal);
      for (const reader of readers) {
        if (!reader.alive) readers.delete(reader);
        else if (!taken.has(reader)) return take(reader);
      }
      if (readers.size < MOST_READERS) {
        const reader = new ThreadClient(entry, { mode: "read", path, project });
        readers.add(reader);
        return take(reader);
      }
      await new Promise<void>((resolve) => {
        // Whoever gives up leaves the queue, or the next free reader would be offered to nobody.
        const wake = () => {
          waiting.delete(wake);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        waiting.add(wake);
        signal?.addEventListener("abort", wake, { once: true });
      });
    }
  }

  function take(reader: ThreadClient): ThreadClient {
    taken.add(reader);
    return reader;
  }

  function refuse(signal: AbortSignal | undefined): void {
    if (closed) throw fail("index/unavailable", "The index has been closed");
    if (signal?.aborted) throw fail("cancelled", "Cancelled");
  }

  return {
    write: write as Store<W, R>["write"],
    read: read as Store<W, R>["read"],
    async close() {
      closed = true;
      for (const wake of [...waiting]) wake();
      await Promise.all([...[...readers].map((reader) => reader.close()), writer?.close()]);
    },
  };
}
