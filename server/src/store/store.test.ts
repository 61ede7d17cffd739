import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { AppError, type ErrorCode } from "#protocol/errors.ts";
import { cacheDir } from "../project/cache.ts";
import { chooseEngines } from "./choose.ts";
import { openReader, openWriter } from "./open.ts";
import { indexPath } from "./place.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import type { Sql } from "./sql.ts";

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "jiuzhang-test-"));
  after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The problem has a code, a place and a remedy. */
function fails(code: ErrorCode, work: () => unknown): void {
  assert.throws(work, (thrown) => {
    assert.ok(thrown instanceof AppError, String(thrown));
    assert.equal(thrown.problem.code, code, thrown.problem.message);
    assert.ok(thrown.problem.remedy !== undefined);
    return true;
  });
}

const addDataset = (sql: Sql, name: string): number =>
  sql.prepare("INSERT INTO dataset (name, kind, updated) VALUES (?, 'seed', 0)").run(name);

test("the engine follows from Node's version before anything is loaded", () => {
  assert.deepEqual(chooseEngines("24.1.0", undefined), ["native", "builtin"]);
  assert.deepEqual(chooseEngines("22.14.0", undefined), ["native", "builtin"]);
  assert.deepEqual(chooseEngines("v22.13.1", undefined), ["builtin"]);
  assert.deepEqual(chooseEngines("24.1.0", "node"), ["builtin"]);
  assert.deepEqual(chooseEngines("24.1.0", "native"), ["native"]);
  for (const [version, wish] of [
    ["20.18.0", undefined],
    ["22.12.0", undefined],
    ["22.13.0", "native"],
  ] as const)
    fails("index/node-too-old", () => chooseEngines(version, wish));
});

test("the index lies in the project, or in the cache where the project is on a network file system", () => {
  const at = (fsType: number | null) => indexPath({ projectDir: "/p", fsType, cacheDir: "/cache" });
  for (const local of [0xef53, 0x58465342, 0x9123683e, 0x01021994, null]) assert.equal(at(local), join("/p", ".jiuzhang", "corpus.db"));
  // statfs reports CIFS as a negative number where its field is signed.
  for (const network of [0x6969, 0xff534d42, 0xff534d42 | 0, 0x0bd00bd0, 0x65735546, 0x47504653, 0x19830326])
    assert.match(at(network), /^\/cache\/index\/[0-9a-f]{32}\/corpus\.db$/);
  assert.notEqual(at(0x6969), indexPath({ projectDir: "/q", fsType: 0x6969, cacheDir: "/cache" }));
  assert.equal(cacheDir({ XDG_CACHE_HOME: "/x" }, "linux"), join("/x", "jiuzhang"));
});

for (const engine of ["native", "node"])
  describe(`an index opened with JIUZHANG_SQLITE=${engine}`, () => {
    const wish = process.env.JIUZHANG_SQLITE;
    const using = (run: (path: string) => void) => () => {
      process.env.JIUZHANG_SQLITE = engine;
      try {
        run(join(scratch(), "deep", "corpus.db"));
      } finally {
        if (wish === undefined) delete process.env.JIUZHANG_SQLITE;
        else process.env.JIUZHANG_SQLITE = wish;
      }
    };

    test(
      "is made, written, read and migrated once",
      using((path) => {
        assert.equal(openReader(path), null);
        const sql = openWriter(path);
        assert.equal(sql.engine, engine === "node" ? "builtin" : "native");
        assert.equal(
          sql.transaction(() => addDataset(sql, "a")),
          1,
        );
        assert.deepEqual({ ...sql.prepare("SELECT name, kind FROM dataset").get<object>() }, { name: "a", kind: "seed" });
        assert.deepEqual(
          [...sql.prepare("SELECT n FROM dataset WHERE name = ?").iterate("a")].map((row) => row.n),
          [1],
        );
        assert.equal(sql.prepare("SELECT n FROM dataset WHERE name = ?").get("b"), undefined);
        const blob = sql
          .prepare("SELECT ? AS bytes, ? AS text, ? AS whole, ? AS part, ? AS absent")
          .get(new Uint8Array([0, 255]), "é\u0000", 2 ** 40, 0.5, null);
        assert.deepEqual(
          [Array.from(blob?.bytes as Uint8Array), blob?.text, blob?.whole, blob?.part, blob?.absent],
          [[0, 255], "é\u0000", 2 ** 40, 0.5, null],
        );
        const reader = openReader(path) as Sql;
        assert.equal(reader.prepare("SELECT count(*) AS n FROM dataset").get<{ n: number }>()?.n, 1);
        fails("index/read-only", () => addDataset(reader, "x"));
        reader.close();
        sql.close();
        openWriter(path).close();
      }),
    );

    test(
      "takes a transaction back whole, also a long one",
      using((path) => {
        const sql = openWriter(path);
        assert.throws(() => sql.transaction(() => [addDataset(sql, "a"), addDataset(sql, "a")]));
        assert.equal(sql.prepare("SELECT count(*) AS n FROM dataset").get<{ n: number }>()?.n, 0);
        assert.equal(
          sql.transaction(() => addDataset(sql, "a")),
          1,
        );
        sql.close();
      }),
    );

    test(
      "says that another process is writing",
      using((path) => {
        const first = openWriter(path);
        const second = openWriter(path, 20);
        first.exec("BEGIN IMMEDIATE");
        fails("index/locked", () => second.transaction(() => addDataset(second, "b")));
        first.exec("COMMIT");
        second.transaction(() => addDataset(second, "b"));
        first.close();
        second.close();
      }),
    );

    test(
      "refuses what a newer version wrote",
      using((path) => {
        const sql = openWriter(path);
        sql.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
        sql.close();
        fails("index/newer", () => openWriter(path));
        fails("index/newer", () => openReader(path));
      }),
    );

    test(
      "says that it is damaged: garbage, a torn file, a page that was overwritten",
      using((path) => {
        const sql = openWriter(path);
        sql.transaction(() => {
          for (let at = 0; at < 2000; at++) addDataset(sql, `dataset ${at} ${"x".repeat(100)}`);
        });
        sql.exec("PRAGMA wal_checkpoint (TRUNCATE)");
        sql.close();
        const bytes = readFileSync(path);
        writeFileSync(path, "this is no database ".repeat(1000));
        fails("index/corrupt", () => openWriter(path));
        fails("index/corrupt", () => openReader(path));
        writeFileSync(path, bytes);
        truncateSync(path, bytes.length - 16_384 * 5);
        fails("index/corrupt", () => readAll(path));
        bytes.fill(0xa5, bytes.length - 16_384 * 8, bytes.length);
        writeFileSync(path, bytes);
        fails("index/corrupt", () => readAll(path));
      }),
    );
  });

function readAll(path: string): void {
  const sql = openReader(path);
  try {
    sql?.prepare("SELECT name FROM dataset ORDER BY updated, kind, n").all();
    sql?.prepare("SELECT name FROM dataset ORDER BY name").all();
  } finally {
    sql?.close();
  }
}
