import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createPositions, placeOf } from "./positions.ts";

test("lines end at LF, CRLF and CR; lines and columns count from 1", () => {
  const position = createPositions("ab\ncd\r\nef\rgh");
  assert.deepEqual(position(0), { line: 1, column: 1 });
  assert.deepEqual(position(2), { line: 1, column: 3 });
  assert.deepEqual(position(3), { line: 2, column: 1 });
  assert.deepEqual(position(7), { line: 3, column: 1 });
  assert.deepEqual(position(10), { line: 4, column: 1 });
  assert.deepEqual(position(12), { line: 4, column: 3 });
});

test("a byte order mark is part of no column", () => {
  const position = createPositions("\uFEFFab");
  assert.deepEqual(position(0), { line: 1, column: 1 });
  assert.deepEqual(position(1), { line: 1, column: 1 });
  assert.deepEqual(position(2), { line: 1, column: 2 });
});

test("offsets outside the source are moved to its ends", () => {
  const position = createPositions("ab\nc");
  assert.deepEqual(position(-5), { line: 1, column: 1 });
  assert.deepEqual(position(99), { line: 2, column: 2 });
});

test("a span becomes a place with its end", () => {
  assert.deepEqual(placeOf(createPositions("a\nbcd"), { start: 2, end: 5 }), { line: 2, column: 1, endLine: 2, endColumn: 4 });
});

test("line and column lead back to the offset", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "\n", "é", " ")), (parts) => {
      const source = parts.join("");
      const position = createPositions(source);
      const lines = source.split("\n");
      for (let offset = 0; offset <= source.length; offset++) {
        const { line, column } = position(offset);
        const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
        assert.equal(before + column - 1, offset);
      }
    }),
  );
});
