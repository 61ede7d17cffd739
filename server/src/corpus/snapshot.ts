import type { Sql } from "../store/sql.ts";

/** Runs several reads on one state of the index, whatever is written meanwhile. */
export function snapshot<T>(sql: Sql, read: () => T): T {
  sql.exec("BEGIN");
  try {
    return read();
  } finally {
    sql.exec("COMMIT");
  }
}
