import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeSearchable } from "../../server/src/corpus/search.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { contextOf, indexOf, lines, put, scratch } from "./harness.ts";

const PROGRAM = fileURLToPath(new URL("read-only-program.ts", import.meta.url));
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** Runs the program as somebody who may not write: the superuser becomes another user first. */
function runAs(project: string): { rows: unknown; searched: unknown; write: unknown } | null {
  const who = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const { stdout, stderr, status } = spawnSync(process.execPath, [PROGRAM, project], { ...who, encoding: "utf8", cwd: "/" });
  // The other user may not be allowed to read the checkout itself.
  if (isRoot && status !== 0 && /EACCES|permission denied/i.test(stderr)) return null;
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

for (const searchable of [true, false])
  test(`a project that cannot be written to is read, ${searchable ? "searched" : "and a search that needs writing says so"}`, {
    skip: process.platform === "win32" && "modes mean nothing here",
  }, async (t) => {
    const project = scratch();
    const context = contextOf(project);
    await importFile(context, { file: put(project, "a.jsonl", lines({ text: "a text" })), dataset: "set" });
    if (searchable) await makeSearchable(context);
    context.sql.close();
    const home = join(project, ".jiuzhang");
    chmodSync(indexOf(project), 0o444);
    chmodSync(project, 0o755);
    chmodSync(home, 0o555);
    if (isRoot) for (const path of [project, home]) chownSync(path, 0, 0);
    try {
      const found = runAs(project);
      if (found === null) return t.skip("another user may not read the checkout");
      assert.deepEqual(found, { rows: 1, searched: searchable ? 1 : "index/read-only", write: "index/read-only" });
    } finally {
      chmodSync(home, 0o755);
    }
  });
