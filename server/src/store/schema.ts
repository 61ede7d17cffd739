import { fail } from "#protocol/errors.ts";
import type { Sql } from "./sql.ts";

/**
 * The schema, as the steps that lead to it; a step is never changed once released. `user_version` counts the steps taken.
 * Everything here can be made again from the project's files.
 *
 * Verdicts are kept as numbers in `row` (0 fail, 1 pass, 2 unknown), so that filters need no join; the table `verdict` holds
 * the reasons that cannot be told from the row itself. Sort columns are NOT NULL (-1 where unknown), so that a keyset works.
 */
export const STEPS = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO meta VALUES ('searchable', 0);
  CREATE TABLE dataset (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, updated INTEGER NOT NULL);
  CREATE TABLE origin (
    n INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, dataset INTEGER NOT NULL, created INTEGER NOT NULL,
    key TEXT NOT NULL, detail TEXT NOT NULL, UNIQUE (kind, name, dataset)
  );
  CREATE TABLE file (
    n INTEGER PRIMARY KEY, origin INTEGER NOT NULL, path TEXT NOT NULL, position INTEGER NOT NULL DEFAULT 0,
    line INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0, UNIQUE (origin, path)
  );
  CREATE TABLE problem (file INTEGER NOT NULL, line INTEGER NOT NULL, problem TEXT NOT NULL, PRIMARY KEY (file, line)) WITHOUT ROWID;
  CREATE TABLE template (n INTEGER PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, UNIQUE (path, sha256));
  CREATE TABLE request (
    n INTEGER PRIMARY KEY, origin INTEGER NOT NULL, key TEXT NOT NULL, file INTEGER, position INTEGER, length INTEGER, line INTEGER,
    seed TEXT, seed_dataset TEXT, template INTEGER, sample INTEGER NOT NULL DEFAULT 0, stage TEXT, format TEXT,
    answered INTEGER NOT NULL DEFAULT 0, UNIQUE (key, origin)
  );
  CREATE INDEX request_answered ON request (origin, answered);
  CREATE INDEX request_key ON request (key);
  CREATE INDEX request_seed ON request (seed) WHERE seed IS NOT NULL;
  CREATE TABLE response (
    n INTEGER PRIMARY KEY, dataset INTEGER NOT NULL, key TEXT NOT NULL, request INTEGER NOT NULL, file INTEGER NOT NULL,
    position INTEGER NOT NULL, length INTEGER NOT NULL, line INTEGER NOT NULL, received INTEGER NOT NULL, error INTEGER NOT NULL,
    UNIQUE (key, dataset)
  );
  CREATE TABLE row (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL, dataset INTEGER NOT NULL, kind INTEGER NOT NULL, created INTEGER NOT NULL,
    length INTEGER NOT NULL, tokens INTEGER NOT NULL, stage TEXT, format TEXT, template INTEGER,
    parse INTEGER, answer INTEGER, copy INTEGER, duplicate INTEGER, accepted INTEGER NOT NULL,
    copied REAL, hash BLOB, file INTEGER NOT NULL, line INTEGER NOT NULL, response INTEGER, ordinal INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX row_id ON row (id);
  CREATE UNIQUE INDEX row_original ON row (dataset, hash) WHERE duplicate = 1;
  CREATE INDEX row_copies ON row (dataset, hash) WHERE duplicate = 0;
  CREATE INDEX row_response ON row (response) WHERE response IS NOT NULL;
  CREATE INDEX row_unjudged ON row (dataset) WHERE copy = 2 AND parse = 1;
  CREATE TABLE body (
    n INTEGER PRIMARY KEY, text TEXT, solution TEXT, answer TEXT, start INTEGER, end INTEGER, license TEXT, extra TEXT
  );
  CREATE TABLE verdict (
    row INTEGER NOT NULL, "check" TEXT NOT NULL, reason TEXT NOT NULL, evidence, PRIMARY KEY (row, "check")
  ) WITHOUT ROWID;
  CREATE TABLE counter (
    dataset INTEGER NOT NULL, facet TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (dataset, facet, value)
  ) WITHOUT ROWID;
  CREATE VIRTUAL TABLE search USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61');
  INSERT INTO search (search, rank) VALUES ('hashsize', 67108864);
  `,
  // People label, edit and delete rows; and rows with the same facets are counted together, so that any filter by facets has its
  // number at once and one short column in the sort indexes decides it. A row that was edited or deleted has its dataset's number
  // below zero, which takes it out of every listing; one that another stands for has its own number below zero, too.
  `
  ALTER TABLE row ADD COLUMN label INTEGER;
  ALTER TABLE row ADD COLUMN parent TEXT;
  ALTER TABLE row ADD COLUMN tally INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX row_parent ON row (parent) WHERE parent IS NOT NULL;
  ALTER TABLE dataset ADD COLUMN marks TEXT NOT NULL DEFAULT '';
  CREATE TABLE tally (
    n INTEGER PRIMARY KEY, dataset INTEGER NOT NULL, kind INTEGER NOT NULL, stage TEXT, format TEXT, template INTEGER,
    parse INTEGER, answer INTEGER, copy INTEGER, duplicate INTEGER, accepted INTEGER NOT NULL, label INTEGER, edited INTEGER NOT NULL,
    rows INTEGER NOT NULL
  );
  CREATE INDEX tally_facets ON tally (dataset, stage, format, template, parse, answer, copy, duplicate);
  INSERT INTO tally (dataset, kind, stage, format, template, parse, answer, copy, duplicate, accepted, label, edited, rows)
    SELECT dataset, kind, stage, format, template, parse, answer, copy, duplicate, accepted, NULL, 0, count(*) FROM row
    GROUP BY dataset, kind, stage, format, template, parse, answer, copy, duplicate, accepted;
  UPDATE row SET tally = (
    SELECT tally.n FROM tally WHERE tally.dataset = row.dataset AND tally.stage IS row.stage AND tally.format IS row.format
      AND tally.template IS row.template AND tally.parse IS row.parse AND tally.answer IS row.answer AND tally.copy IS row.copy
      AND tally.duplicate IS row.duplicate AND tally.kind = row.kind AND tally.accepted = row.accepted
  );
  DROP TABLE counter;
  DROP INDEX IF EXISTS row_created;
  DROP INDEX IF EXISTS row_length;
  DROP INDEX IF EXISTS row_tokens;
  CREATE TABLE label_file (
    n INTEGER PRIMARY KEY, person TEXT NOT NULL UNIQUE, stamp TEXT NOT NULL, position INTEGER NOT NULL, line INTEGER NOT NULL,
    prefix TEXT NOT NULL, rejected INTEGER NOT NULL, problems TEXT NOT NULL
  );
  CREATE TABLE entry (
    n INTEGER PRIMARY KEY, file INTEGER NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, undoes TEXT,
    detail TEXT, UNIQUE (id, file)
  );
  CREATE INDEX entry_file ON entry (file, at);
  CREATE INDEX entry_undoes ON entry (undoes) WHERE undoes IS NOT NULL;
  CREATE TABLE entry_row (row TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (row, entry)) WITHOUT ROWID;
  CREATE INDEX entry_row_entry ON entry_row (entry);
  INSERT INTO meta VALUES ('search changes', 0);
  `,
];

export const SCHEMA_VERSION = STEPS.length;

/** The indexes that pages read: each sort with what most filters ask, so that they are decided without touching the table. */
const SORTS = ["created", "length", "tokens"] as const;

/** Makes the sort indexes where they are missing: after a bulk load, or after one that was killed. */
export function buildSortIndexes(sql: Sql): void {
  for (const sort of SORTS) {
    const others = SORTS.filter((other) => other !== sort).join(", ");
    sql.exec(`CREATE INDEX IF NOT EXISTS row_${sort} ON row (dataset, ${sort}, n, tally, ${others})`);
  }
}

/** Bulk loads are faster without the sort indexes; pages meanwhile sort, which is slower but right. */
export function dropSortIndexes(sql: Sql): void {
  for (const sort of SORTS) sql.exec(`DROP INDEX IF EXISTS row_${sort}`);
}

export const schemaVersion = (sql: Sql): number => sql.prepare("PRAGMA user_version").get<{ user_version: number }>()?.user_version ?? 0;

/** Brings the schema up to date. Throws `index/newer` where a newer program has written it. */
export function migrate(sql: Sql): void {
  refuseNewer(sql);
  if (schemaVersion(sql) === SCHEMA_VERSION) return;
  sql.transaction(() => {
    // Another process may have migrated while we waited for the lock.
    for (let step = schemaVersion(sql); step < SCHEMA_VERSION; step++) {
      sql.exec(STEPS[step] as string);
      sql.exec(`PRAGMA user_version = ${step + 1}`);
    }
    buildSortIndexes(sql);
  });
}

export function refuseNewer(sql: Sql): void {
  const found = schemaVersion(sql);
  if (found > SCHEMA_VERSION)
    throw fail("index/newer", `The index was written by a newer version of JiuZhang (schema ${found}, this one knows ${SCHEMA_VERSION})`, {
      where: { file: sql.path },
      remedy: "Update JiuZhang, or run `jiuzhang rebuild` to make an index for this version from the project's files.",
    });
}
