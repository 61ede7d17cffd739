import { createRequire } from "node:module";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Bind, OpenOptions, RawSql, Statement } from "./sql.ts";

/** Opens a database with Node's own SQLite: the fallback where no binary of better-sqlite3 loads. */
export function openBuiltin({ path, readonly, immutable, timeout }: OpenOptions): RawSql {
  const { DatabaseSync } = loadQuietly();
  const database: DatabaseSync = new DatabaseSync(immutable ? new URL(`${pathToFileURL(path).href}?immutable=1`) : path, {
    readOnly: readonly,
  });
  database.exec(`PRAGMA busy_timeout = ${timeout}`);
  return {
    prepare: (source) => wrap(database.prepare(source)),
    exec: (source) => database.exec(source),
    close: () => database.close(),
  };
}

function wrap(statement: StatementSync): Statement {
  return {
    run: (...params) => Number(statement.run(...params).changes),
    get: <T>(...params: Bind[]) => statement.get(...params) as T | undefined,
    all: <T>(...params: Bind[]) => statement.all(...params) as T[],
    iterate: <T>(...params: Bind[]) => statement.iterate(...params) as IterableIterator<T>,
  };
}

/** Node announces its SQLite as experimental on stderr, once per thread; our users can do nothing about that. */
function loadQuietly(): typeof import("node:sqlite") {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return createRequire(import.meta.url)("node:sqlite") as typeof import("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
