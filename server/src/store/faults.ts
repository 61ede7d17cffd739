import { AppError, fail } from "#protocol/errors.ts";

/** Primary result codes of SQLite that have an own remedy (sqlite.org/rescode.html). */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

const BY_NAME: Record<string, number> = {
  SQLITE_BUSY: BUSY,
  SQLITE_LOCKED: LOCKED,
  SQLITE_READONLY: READONLY,
  SQLITE_IOERR: IOERR,
  SQLITE_CORRUPT: CORRUPT,
  SQLITE_FULL: FULL,
  SQLITE_CANTOPEN: CANTOPEN,
  SQLITE_NOTADB: NOTADB,
};

/** SQLite's primary result code of a thrown value, or null where it is no error of SQLite. */
export function resultCode(thrown: unknown): number | null {
  if (!(thrown instanceof Error)) return null;
  const { code, errcode } = thrown as { code?: unknown; errcode?: unknown };
  if (typeof errcode === "number") return errcode & 0xff;
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) return null;
  return BY_NAME[code.split("_").slice(0, 2).join("_")] ?? 1;
}

/** Whether another connection holds what a statement needs. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === BUSY || code === LOCKED;
}

/** SQLite's error as one of ours; anything else is returned as it came. */
export function toFault(thrown: unknown, path: string): unknown {
  if (thrown instanceof AppError) return thrown;
  const code = resultCode(thrown);
  if (code === null) return thrown;
  const more = { where: { file: path }, cause: thrown, data: { sqlite: code, words: (thrown as Error).message } };
  switch (code) {
    case BUSY:
    case LOCKED:
      return fail("index/locked", "Another process is writing to the index", {
        ...more,
        remedy: "Wait for it or end it, then run the same command again; nothing is lost.",
      });
    case READONLY:
      return fail("index/read-only", "The index cannot be written to", {
        ...more,
        remedy: "Make the file and its directory writable; reading works without.",
      });
    case CORRUPT:
    case NOTADB:
      return fail("index/corrupt", "The index is damaged or is not an index", {
        ...more,
        remedy: "Run `jiuzhang rebuild`: it makes a new one from the project's files.",
      });
    case FULL:
      return fail("io/disk-full", "The disk is full", { ...more, remedy: "Free some space and run the same command again." });
    case CANTOPEN:
      return fail("index/unavailable", "The index cannot be opened", {
        ...more,
        remedy: "Check that its directory exists and may be read.",
      });
    case IOERR:
      return fail("io/failed", `The index cannot be read or written: ${(thrown as Error).message}`, {
        ...more,
        remedy: "Check the disk; `jiuzhang rebuild` makes a new index from the project's files.",
      });
    default:
      return fail("internal", `The index refused a statement: ${(thrown as Error).message}`, more);
  }
}
