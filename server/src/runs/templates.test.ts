import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AppError, type Problem } from "#protocol/errors.ts";
import { loadTemplate } from "./templates.ts";

const dir = mkdtempSync(join(tmpdir(), "jiuzhang-test-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const put = (bytes: Uint8Array | string): string => {
  const file = join(dir, "t.prompty");
  writeFileSync(file, bytes);
  return file;
};

async function problemOf(bytes: Uint8Array | string): Promise<Problem> {
  try {
    await loadTemplate(dir, put(bytes));
  } catch (thrown) {
    assert.ok(thrown instanceof AppError, String(thrown));
    return thrown.problem;
  }
  return assert.fail("it was loaded");
}

test("text of every script comes as it was written, a byte order mark and CRLF too", async () => {
  const source = "\uFEFFuser:\r\nÜbung 数学 😀 \uFFFD\r\n";
  assert.equal((await loadTemplate(dir, put(source))).source, source);
});

test("bytes that are not UTF-8 are refused with their line", async () => {
  const cases: [Uint8Array, number][] = [
    [Buffer.from("user:\r\n\xe6\x95\xb0\r\n\xdcbung\n", "latin1"), 3],
    [Buffer.from("\xff\xfeu\0s\0", "latin1"), 1],
    [Buffer.concat([Buffer.from("user:\nHi\n"), Buffer.from("数").subarray(0, 2)]), 3],
    [Buffer.concat([Buffer.from("user:\n"), Buffer.from("数").subarray(0, 2), Buffer.from("\nHi")]), 2],
    // A half of a surrogate pair, and a line break in more bytes than it needs.
    [Buffer.from("user:\n\n\n\xed\xa0\x80", "latin1"), 4],
    [Buffer.from("user:\n\xc0\x8a\n", "latin1"), 2],
  ];
  for (const [bytes, line] of cases) {
    const { code, where, message, remedy } = await problemOf(bytes);
    assert.deepEqual([code, where], ["template/unreadable", { file: "t.prompty", line }]);
    assert.match(message, /not UTF-8/);
    assert.match(remedy ?? "", /Save the file as UTF-8/);
  }
});

test("a template with nothing to send is refused", async () => {
  for (const source of ["", "\n", "---\nname: a\n---\n"]) {
    const { code, message, where } = await problemOf(source);
    assert.deepEqual([code, message, where?.file], ["template/invalid", "The template is empty", "t.prompty"]);
  }
});
