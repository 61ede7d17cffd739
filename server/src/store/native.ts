import { createRequire } from "node:module";
import type Database from "better-sqlite3";
import type { Bind, OpenOptions, RawSql, Statement } from "./sql.ts";

/** Opens a database with better-sqlite3. Loaded on first use: on a system without a fitting binary the import itself throws. */
export function openNative({ path, readonly, timeout }: OpenOptions): RawSql {
  const Native = createRequire(import.meta.url)("better-sqlite3") as typeof Database;
  const database = new Native(path, { readonly, timeout });
  return {
    prepare: (source) => wrap(database.prepare(source)),
    exec: (source) => void database.exec(source),
    close: () => void database.close(),
  };
}

function wrap(statement: Database.Statement<Bind[]>): Statement {
  return {
    run: (...params) => statement.run(...params).changes,
    get: <T>(...params: Bind[]) => statement.get(...params) as T | undefined,
    all: <T>(...params: Bind[]) => statement.all(...params) as T[],
    iterate: <T>(...params: Bind[]) => statement.iterate(...params) as IterableIterator<T>,
  };
}
