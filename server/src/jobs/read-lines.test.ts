import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { openAppend } from "./append-file.ts";
import { type Line, objectIn, readLines } from "./read-lines.ts";

const root = mkdtempSync(join(tmpdir(), "jiuzhang-lines-"));
after(() => rmSync(root, { recursive: true, force: true }));

async function collect(path: string): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of readLines(path)) lines.push(line);
  return lines;
}

test("lines of any bytes come as they stand, with their ends, plain and packed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc
          .string({ unit: "binary", maxLength: 20 })
          .map((text) => text.replaceAll("\n", " "))
          .map((text) => Buffer.from(text).toString("utf8")),
      ),
      fc.boolean(),
      async (texts, open) => {
        const content = texts.map((text) => `${text}\n`).join("") + (open ? "last" : "");
        for (const [name, bytes] of [
          ["lines.jsonl", Buffer.from(content)],
          ["lines.jsonl.gz", gzipSync(content)],
        ] as const) {
          const path = join(root, name);
          writeFileSync(path, bytes);
          const lines = await collect(path);
          assert.deepEqual(
            lines.map(({ text }) => text),
            open ? [...texts, "last"] : texts,
          );
          assert.deepEqual(
            lines.map(({ number }) => number),
            lines.map((_, k) => k + 1),
          );
          assert.deepEqual(
            lines.map(({ complete }) => complete),
            lines.map((_, k) => !open || k < lines.length - 1),
          );
          assert.equal(lines.at(-1)?.end ?? 0, Buffer.byteLength(content));
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("a line longer than any chunk is one line", async () => {
  const path = join(root, "long.jsonl");
  writeFileSync(path, `${"é".repeat(700_000)}\nx\n`);
  assert.deepEqual(
    (await collect(path)).map(({ text }) => text.length),
    [700_000, 1],
  );
});

test("a missing or damaged packed file is an error and not an end", async () => {
  await assert.rejects(collect(join(root, "none.jsonl")), /ENOENT/);
  await assert.rejects(collect(join(root, "none.jsonl.gz")), /ENOENT/);
  const torn = join(root, "torn.jsonl.gz");
  writeFileSync(torn, gzipSync("abc\n".repeat(1_000)).subarray(0, 30));
  await assert.rejects(collect(torn));
});

test("only an object is an object", () => {
  assert.deepEqual(objectIn('{"a":1}'), { a: 1 });
  for (const text of ["", "1", "null", "[]", "{", '"x"', "\0"]) assert.equal(objectIn(text), null);
});

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
