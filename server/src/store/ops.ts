import type { Progress } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import type { Sql } from "./sql.ts";

/** What an operation works with, inside a thread. */
export interface OpContext {
  /** The thread's connection, opened on first use. */
  readonly sql: Sql;
  /** Closes the connection, so that the file can be replaced; the next use opens it again. */
  release(): void;
  /** Where the index lies. */
  path: string;
  /** The project's root directory. */
  project: string;
  progress(progress: Progress): void;
  /**
   * Lets short operations that wait behind this long one be done now: a label need not wait for a million rows. Call it between
   * transactions only. Absent where nothing can wait.
   */
  breathe?(): Promise<void>;
  /** Raised when the caller cancels; a read that does not end by itself has its thread ended soon after. */
  signal: AbortSignal;
}

/** The tables are typed where they are composed; here an argument may be anything. */
export type Op = (context: OpContext, args: never) => unknown;
export type OpTable = Record<string, Op>;

/** An operation that takes nothing may be given anything empty. */
export type Args<T extends OpTable, K extends keyof T> = Parameters<T[K]>["length"] extends 1 ? object | null : Parameters<T[K]>[1];
export type Result<T extends OpTable, K extends keyof T> = Awaited<ReturnType<T[K]>>;

export interface ThreadData {
  mode: "write" | "read";
  path: string;
  project: string;
}

export type ToThread = { id: number; op: string; args: unknown } | { cancel: number } | { close: true };
export type FromThread = { id: number; value: unknown } | { id: number; problem: Problem } | { id: number; progress: Progress };
