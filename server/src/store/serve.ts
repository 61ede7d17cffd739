import { statSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { fail, toProblem } from "#protocol/errors.ts";
import { NEEDS_WRITE } from "./needs-write.ts";
import { openReader, openWriter } from "./open.ts";
import type { FromThread, OpContext, OpTable, ThreadData, ToThread } from "./ops.ts";
import type { Sql } from "./sql.ts";

/** A long operation pauses so long after so much work. */
const WORK_MILLISECONDS = 1_000;
const PAUSE_MILLISECONDS = 20;

/**
 * Runs inside a store thread: answers operations one after the other until it is told to close. `short`: operations that need not wait
 * for the end of a long one, but only for its next pause.
 */
export function serveThread(tables: { write: OpTable; read: OpTable; short: readonly string[] }): void {
  const port = parentPort;
  if (port === null) throw new Error("This file is the entry of a store thread and does nothing by itself");
  const { mode, path, project } = workerData as ThreadData;
  const connection = createConnection(path, mode);
  const builtIn: OpTable = { open: ({ sql }) => void sql };
  const table = mode === "write" ? { ...builtIn, ...tables.write } : tables.read;
  const aborts = new Map<number, AbortController>();
  const post = (message: FromThread) => port.postMessage(message);

  const waiting: Call[] = [];
  let working = false;
  let closing = false;

  const run = async ({ id, op, args }: Call, within: boolean) => {
    const abort = aborts.get(id) as AbortController;
    const context: OpContext = {
      get sql() {
        return connection.sql();
      },
      release: connection.release,
      path,
      project,
      progress: (progress) => post({ id, progress }),
      breathe,
      signal: abort.signal,
    };
    try {
      const handler = table[op];
      if (handler === undefined) throw new Error(`No operation “${op}” in a ${mode} thread`);
      abort.signal.throwIfAborted();
      // Whoever is interrupted works on with the connection it has.
      if (!within) connection.refresh();
      post({ id, value: await handler(context, args as never) });
    } catch (thrown) {
      post({ id, problem: toProblem(thrown) });
    } finally {
      aborts.delete(id);
    }
  };

  let paused = performance.now();

  async function breathe(): Promise<void> {
    // Lets messages arrive; and now and then another process that waits for the index, which transactions end to end would shut out.
    if (performance.now() - paused >= WORK_MILLISECONDS) {
      await wait(PAUSE_MILLISECONDS);
      paused = performance.now();
    } else await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      const at = waiting.findIndex(({ op }) => tables.short.includes(op));
      if (at === -1) return;
      await run(waiting.splice(at, 1)[0] as Call, true);
    }
  }

  async function work(): Promise<void> {
    if (working) return;
    working = true;
    for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) await run(call, false);
    working = false;
    if (!closing) return;
    connection.release();
    port?.close();
  }

  port.on("message", (message: ToThread) => {
    if ("cancel" in message) aborts.get(message.cancel)?.abort();
    else if ("close" in message) {
      closing = true;
      void work();
    } else {
      aborts.set(message.id, new AbortController());
      waiting.push(message);
      void work();
    }
  });
}

type Call = Exclude<ToThread, { cancel: number } | { close: true }>;

/** One lazily opened connection that notices when another process has put a rebuilt index in the file's place. */
function createConnection(path: string, mode: ThreadData["mode"]) {
  let open: { sql: Sql; file: string } | null = null;
  const identity = () => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "" : `${stat.dev}:${stat.ino}`;
  };
  const release = () => {
    open?.sql.close();
    open = null;
  };
  return {
    release,
    refresh() {
      if (open !== null && open.file !== identity()) release();
    },
    sql(): Sql {
      if (open !== null) return open.sql;
      const sql = mode === "write" ? openWriter(path) : openReader(path);
      if (sql === null) throw fail("index/unavailable", "The index has not been made yet", { data: { [NEEDS_WRITE]: "open" } });
      open = { sql, file: identity() };
      return sql;
    },
  };
}
