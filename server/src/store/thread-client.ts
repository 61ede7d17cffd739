import { Worker } from "node:worker_threads";
import type { Progress } from "#protocol/corpus.ts";
import { AppError, fail } from "#protocol/errors.ts";
import type { FromThread, ThreadData, ToThread } from "./ops.ts";

interface Pending {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  onProgress: ((progress: Progress) => void) | undefined;
}

/** The near side of one store thread. It keeps the process alive only while an operation runs. */
export class ThreadClient {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private readonly exited: Promise<void>;
  private next = 1;
  alive = true;

  constructor(entry: string | URL, data: ThreadData) {
    this.worker = new Worker(entry, { workerData: data });
    this.worker.unref();
    this.worker.on("message", (message: FromThread) => this.receive(message));
    let cause: unknown;
    this.worker.on("error", (error) => {
      cause = error;
    });
    this.exited = new Promise((resolve) =>
      this.worker.once("exit", (code) => {
        this.alive = false;
        const words = cause instanceof Error ? cause.message : `exit code ${code}`;
        const reason = fail("index/unavailable", `The index's ${data.mode === "write" ? "writer" : "reader"} stopped: ${words}`, {
          remedy: "Run the same command again: what was committed is kept.",
          cause,
        });
        for (const pending of this.pending.values()) pending.reject(reason);
        this.pending.clear();
        resolve();
      }),
    );
  }

  get idle(): boolean {
    return this.pending.size === 0;
  }

  /** Starts an operation. `cancel` asks the thread to stop it; the result then rejects with `cancelled`. */
  call(op: string, args: unknown, onProgress?: (progress: Progress) => void): { result: Promise<unknown>; cancel(): void } {
    const id = this.next++;
    const result = new Promise<unknown>((resolve, reject) => this.pending.set(id, { resolve, reject, onProgress }));
    this.worker.ref();
    this.post({ id, op, args });
    return { result, cancel: () => this.post({ cancel: id }) };
  }

  /** Ends the thread where it stands. */
  async kill(): Promise<void> {
    // Nothing may be asked of it any more: what it ran may end before the thread does, and leave it idle.
    this.alive = false;
    await this.worker.terminate();
  }

  /** Lets the operations that run come to their end, closes the connection and ends the thread. */
  async close(): Promise<void> {
    if (!this.alive) return;
    this.worker.ref();
    this.post({ close: true });
    await this.exited;
  }

  private post(message: ToThread): void {
    this.worker.postMessage(message);
  }

  private receive(message: FromThread): void {
    const pending = this.pending.get(message.id);
    if (pending === undefined) return;
    if ("progress" in message) {
      pending.onProgress?.(message.progress);
      return;
    }
    this.pending.delete(message.id);
    if (this.idle) this.worker.unref();
    if ("problem" in message) pending.reject(new AppError(message.problem));
    else pending.resolve(message.value);
  }
}
