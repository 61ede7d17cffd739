import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openAppend } from "./append-file.ts";

const root = mkdtempSync(join(tmpdir(), "jiuzhang-append-"));
after(() => rmSync(root, { recursive: true, force: true }));

test("a torn tail of any length is cut off, a whole one is closed", () => {
  const path = join(root, "append.jsonl");
  for (const tail of ["x", "y".repeat(200_000), ""]) {
    writeFileSync(path, `one\n${tail}`);
    const file = openAppend(path);
    assert.equal(file.bytes, 4);
    file.append("two\n");
    file.syncNow();
    assert.equal(file.bytes, 8);
    file.close();
    assert.equal(readFileSync(path, "utf8"), "one\ntwo\n");
  }
  writeFileSync(path, "one\n{}");
  openAppend(path, (line) => line === "{}").close();
  assert.equal(readFileSync(path, "utf8"), "one\n{}\n");
  closeSync(openSync(path, "w"));
  openAppend(path).close();
  assert.equal(readFileSync(path, "utf8"), "");
});
