import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { replaceFileByLines } from "./durable.ts";
import { objectIn } from "./json.ts";
import { type Line, readLines } from "./lines.ts";

const root = mkdtempSync(join(tmpdir(), "jiuzhang-lines-"));
after(() => rmSync(root, { recursive: true, force: true }));

async function collect(path: string) {
  const lines: { text: string; number: number; complete: boolean; end: number }[] = [];
  for await (const batch of readLines(path))
    for (const { bytes, number, complete, position, length } of batch)
      lines.push({ text: String(bytes), number, complete, end: position + length + (complete ? 1 : 0) });
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
  writeFileSync(path, `${"é".repeat(1_400_000)}\nx\n`);
  assert.deepEqual(
    (await collect(path)).map(({ text }) => text.length),
    [1_400_000, 1],
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

test("from a position on, up to an end, and without the bytes of what is too long", async () => {
  const path = join(root, "part.jsonl");
  writeFileSync(path, "one\ntwo\nthirteen\nfour\n");
  const { value: lines } = await readLines(path, { position: 4, line: 1, end: 17, limit: 5 }).next();
  assert.deepEqual(
    (lines as Line[]).map(({ bytes, position, number, complete }) => [bytes?.toString() ?? null, position, number, complete]),
    [
      ["two", 4, 2, true],
      [null, 8, 3, true],
    ],
  );
});

test("a file is replaced as a whole or stays as it was", async () => {
  const folder = mkdtempSync(join(root, "replace-"));
  const path = join(folder, "file.jsonl");
  const many = async function* (fails: boolean) {
    for (let k = 0; k < 100_000; k++) yield `${k}\n`;
    if (fails) throw new Error("no more");
  };
  await replaceFileByLines(path, many(false));
  const whole = readFileSync(path, "utf8");
  assert.equal(whole.split("\n").length, 100_001);
  await assert.rejects(replaceFileByLines(path, many(true)), /no more/);
  assert.equal(readFileSync(path, "utf8"), whole);
  assert.deepEqual(readdirSync(folder), ["file.jsonl"]);
});
