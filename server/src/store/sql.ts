/** What may be bound to a parameter. */
export type Bind = string | number | Uint8Array | null;

/** A prepared statement. Rows are plain objects keyed by column; integers are numbers. */
export interface Statement {
  /** Runs it and returns how many rows it changed. */
  run(...params: Bind[]): number;
  get<T = Record<string, Bind>>(...params: Bind[]): T | undefined;
  all<T = Record<string, Bind>>(...params: Bind[]): T[];
  iterate<T = Record<string, Bind>>(...params: Bind[]): IterableIterator<T>;
}

/**
 * One connection to an index, synchronous. Statements are cached by their text.
 * Every method throws an `AppError` with one of the `index/…` or `io/…` codes where SQLite refuses.
 */
export interface Sql {
  readonly engine: "native" | "builtin";
  readonly path: string;
  prepare(source: string): Statement;
  exec(source: string): void;
  /** Runs `work` between BEGIN IMMEDIATE and COMMIT; rolls back when it throws. Not nestable. */
  transaction<T>(work: () => T): T;
  /** The same for work that waits for files meanwhile; nothing else may use the connection until it ends. */
  longTransaction<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

/** What an adapter gives: the same, with SQLite's own errors. */
export interface RawSql {
  prepare(source: string): Statement;
  exec(source: string): void;
  close(): void;
}

export interface OpenOptions {
  path: string;
  readonly: boolean;
  /** The directory cannot be written to and no write-ahead log lies in it: read the file as it stands. */
  immutable: boolean;
  /** Milliseconds to wait for another process's transaction. */
  timeout: number;
}
