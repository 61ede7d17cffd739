import { statSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { fail, toProblem } from "#protocol/errors.ts";
import { NEEDS_WRITE } from "./needs-write.ts";
import { openReader, openWriter } from "./open.ts";
import type { FromThread, OpContext, OpTable, ThreadData, ToThread } from "./ops.ts";
import type { Sql } from "./sql.ts";

/** Runs inside a store thread: answers operations one after the other until it is told to close. */
export function serveThread(tables: { write: OpTable; read: OpTable }): void {
  const port = parentPort;
  if (port === null) throw new Error("This file is the entry of a store thread and does nothing by itself");
  const { mode, path, project } = workerData as ThreadData;
  const connection = createConnection(path, mode);
  const builtIn: OpTable = { open: ({ sql }) => void sql };
  const table = mode === "write" ? { ...builtIn, ...tables.write } : tables.read;
  const aborts = new Map<number, AbortController>();
  const post = (message: FromThread) => port.postMessage(message);

  const run = async (id: number, op: string, args: unknown) => {
    const abort = aborts.get(id) as AbortController;
    const context: OpContext = {
      get sql() {
        return connection.sql();
      },
      release: connection.release,
      path,
      project,
      progress: (progress) => post({ id, progress }),
      signal: abort.signal,
    };
    try {
      const handler = table[op];
      if (handler === undefined) throw new Error(`No operation “${op}” in a ${mode} thread`);
      abort.signal.throwIfAborted();
      connection.refresh();
      post({ id, value: await handler(context, args as never) });
    } catch (thrown) {
      post({ id, problem: toProblem(thrown) });
    } finally {
      aborts.delete(id);
    }
  };

  let queue = Promise.resolve();
  port.on("message", (message: ToThread) => {
    if ("cancel" in message) aborts.get(message.cancel)?.abort();
    else if ("close" in message)
      queue = queue.then(() => {
        connection.release();
        port.close();
      });
    else {
      aborts.set(message.id, new AbortController());
      queue = queue.then(() => run(message.id, message.op, message.args));
    }
  });
}

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
