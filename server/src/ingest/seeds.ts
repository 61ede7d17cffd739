import type { Sql } from "../store/sql.ts";

/** The text of a seed row, undefined where it is not in the index. */
export const seedText = (sql: Sql, id: string): string | undefined =>
  sql.prepare("SELECT body.text AS text FROM row JOIN body ON body.n = row.n WHERE row.id = ?").get<{ text: string }>(id)?.text;
