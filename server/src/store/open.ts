import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fail } from "#protocol/errors.ts";
import { crashPoint } from "../files/crash-point.ts";
import { openBuiltin } from "./builtin.ts";
import { chooseEngines, type Engine } from "./choose.ts";
import { isBusy, toFault } from "./faults.ts";
import { openNative } from "./native.ts";
import { migrate, refuseNewer, SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import type { OpenOptions, RawSql, Sql, Statement } from "./sql.ts";

/** How long to wait for another process's transaction before `index/locked`; ours last a few seconds at most. */
const BUSY_MILLISECONDS = Number(process.env.JIUZHANG_BUSY_MILLISECONDS ?? 10_000);

/**
 * How often a transaction that waits for another process is tried: SQLite itself would soon sleep for 100 ms at a time, and miss the
 * short pauses that a process makes between its long transactions.
 */
const RETRY_MILLISECONDS = 4;

/** Memory for pages: the writer's holds the random parts of the id and duplicate indexes during a bulk load. */
const WRITER_CACHE_KIB = 128 * 1024;
const READER_CACHE_KIB = 32 * 1024;

/**
 * Bytes of a page of a new index. Rows of 1 to 2 kB fill pages of 16 KiB better than the usual 4 KiB: measured on 100,000 rows, inserts take 30 % less.
 */
export const PAGE_BYTES = 16_384;

/** Bytes of the log before it goes into the file: index pages that every transaction of a bulk load touches go there once. */
const LOG_BYTES = 64 * 1024 * 1024;

/** Opens the index for writing; makes it, its directory and its schema where they do not exist. */
export function openWriter(path: string, busyMilliseconds = BUSY_MILLISECONDS): Sql {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (thrown) {
    if (!["EROFS", "EACCES", "EPERM"].includes((thrown as NodeJS.ErrnoException).code ?? "")) throw thrown;
    throw fail("index/read-only", "The index's directory cannot be made", {
      where: { file: dirname(path) },
      remedy: "Make the project's directory writable.",
      cause: thrown,
    });
  }
  const sql = connect({ path, readonly: false, immutable: false, timeout: busyMilliseconds });
  closingOnError(sql, () => {
    if (existsSync(path) && !writable(path))
      throw fail("index/read-only", "The index cannot be written to", {
        where: { file: path },
        remedy: "Make the file and its directory writable; reading works without.",
      });
    refuseNewer(sql);
    // Only an empty file takes the page size; it has to come before the log.
    sql.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    sql.exec("PRAGMA journal_mode = WAL");
    sql.exec(`PRAGMA threads = 2; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${WRITER_CACHE_KIB}`);
    sql.exec(`PRAGMA wal_autocheckpoint = ${LOG_BYTES / PAGE_BYTES}; PRAGMA journal_size_limit = ${LOG_BYTES}`);
    migrate(sql);
  });
  return sql;
}

/** Opens the index for reading, or returns null where a writer has to make it or bring it up to date first. */
export function openReader(path: string, busyMilliseconds = BUSY_MILLISECONDS): Sql | null {
  if (!existsSync(path) || statSync(path).size === 0) return null;
  // A log in a directory that we cannot write to can still be read where its shared memory exists; without a log the file is all there is.
  const immutable = !writable(dirname(path)) && !existsSync(`${path}-wal`);
  const sql = connect({ path, readonly: true, immutable, timeout: busyMilliseconds });
  const version = closingOnError(sql, () => {
    refuseNewer(sql);
    sql.exec(`PRAGMA query_only = 1; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${READER_CACHE_KIB}`);
    return schemaVersion(sql);
  });
  if (version === SCHEMA_VERSION) return sql;
  sql.close();
  return null;
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function closingOnError<T>(sql: Sql, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    sql.close();
    throw thrown;
  }
}

/** Opens with the first engine that loads. */
function connect(options: OpenOptions): Sql {
  const engines = chooseEngines(process.versions.node, process.env.JIUZHANG_SQLITE);
  // Only a URI can say that nobody changes the file, and better-sqlite3 is built without them.
  if (options.immutable) engines.reverse();
  for (const [at, engine] of engines.entries()) {
    try {
      return guard(engine, options, (engine === "native" ? openNative : openBuiltin)(options));
    } catch (thrown) {
      if (!isLoadFailure(thrown)) throw toFault(thrown, options.path);
      if (at === engines.length - 1)
        throw fail("index/unavailable", `No SQLite engine loads on this system: ${(thrown as Error).message}`, {
          remedy: "Run with Node 22.18 or newer, which brings its own SQLite; `jiuzhang doctor` tells more.",
          cause: thrown,
        });
    }
  }
  throw new Error("unreachable: there is always an engine");
}

/** A binary for another system (`ERR_DLOPEN_FAILED`: an older C library, say), or none at all. */
const isLoadFailure = (thrown: unknown): boolean =>
  ["ERR_DLOPEN_FAILED", "MODULE_NOT_FOUND", "ERR_UNKNOWN_BUILTIN_MODULE"].includes((thrown as NodeJS.ErrnoException).code ?? "");

/** Nobody ever wakes it. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Caches statements, maps SQLite's errors, and adds transactions. */
function guard(engine: Engine, { path, timeout }: OpenOptions, raw: RawSql): Sql {
  const statements = new Map<string, Statement>();
  const mapped = <T>(work: () => T): T => {
    try {
      return work();
    } catch (thrown) {
      throw toFault(thrown, path);
    }
  };
  const prepare = (source: string): Statement => {
    const known = statements.get(source);
    if (known !== undefined) return known;
    const inner = mapped(() => raw.prepare(source));
    const statement: Statement = {
      run: (...params) => mapped(() => inner.run(...params)),
      get: (...params) => mapped(() => inner.get(...params)),
      all: (...params) => mapped(() => inner.all(...params)),
      *iterate<T>(...params: Parameters<Statement["iterate"]>) {
        try {
          yield* inner.iterate<T>(...params);
        } catch (thrown) {
          throw toFault(thrown, path);
        }
      },
    };
    statements.set(source, statement);
    return statement;
  };
  const exec = (source: string) => mapped(() => raw.exec(source));
  const begin = () => {
    const until = performance.now() + timeout;
    exec("PRAGMA busy_timeout = 0");
    try {
      for (;;)
        try {
          raw.exec("BEGIN IMMEDIATE");
          return;
        } catch (thrown) {
          if (!isBusy(thrown) || performance.now() >= until) throw toFault(thrown, path);
          Atomics.wait(PAUSE, 0, 0, RETRY_MILLISECONDS);
        }
    } finally {
      exec(`PRAGMA busy_timeout = ${timeout}`);
    }
  };
  const commit = () => {
    crashPoint("before commit");
    exec("COMMIT");
  };
  const rollBack = () => {
    // After a full disk or a damaged page SQLite may have rolled back already; then this is refused, and the cause matters more.
    try {
      raw.exec("ROLLBACK");
    } catch {}
  };
  return {
    engine,
    path,
    prepare,
    exec,
    transaction(work) {
      begin();
      let result: ReturnType<typeof work>;
      try {
        result = work();
        commit();
      } catch (thrown) {
        rollBack();
        throw thrown;
      }
      crashPoint("after commit");
      return result;
    },
    async longTransaction(work) {
      begin();
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await work();
        commit();
      } catch (thrown) {
        rollBack();
        throw thrown;
      }
      crashPoint("after commit");
      return result;
    },
    close: () => mapped(() => raw.close()),
  };
}
