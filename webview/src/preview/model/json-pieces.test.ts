import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonPieces } from "./json-pieces.ts";

test("the pieces of any text, put together, are the text, whatever is marked", () => {
  const marks = fc.array(fc.tuple(fc.nat(60), fc.nat(20)), { maxLength: 6 }).map((pairs) => {
    let at = 0;
    return pairs.map(([gap, length], input) => {
      const start = at + gap;
      at = start + length + 1;
      return { start, end: at, input, span: { start: 0, end: 1 } };
    });
  });
  const bodies = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify(value, null, 2) ?? ""),
    fc.array(fc.constantFrom('"', "\\", ":", "1", "true", "{", "\n"), { maxLength: 40 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(bodies, marks, (body, list) => {
      const pieces = jsonPieces(body, list);
      assert.equal(pieces.map(({ text }) => text).join(""), body);
      for (const { start, end, input } of list) {
        const marked = pieces.filter(({ mark }) => mark?.input === input).map(({ text }) => text);
        assert.equal(marked.join(""), body.slice(start, end));
      }
    }),
    { numRuns: 1_000 },
  );
});

test("keys, strings, numbers and words are told apart", () => {
  const body = JSON.stringify({ model: 'a: "b"', n: -1.5e3, stream: true, stop: null }, null, 2);
  const kinds = jsonPieces(body, []).filter(({ kind }) => kind !== "plain");
  assert.deepEqual(
    kinds.map(({ kind, text }) => [kind, text]),
    [
      ["key", '"model"'],
      ["string", '"a: \\"b\\""'],
      ["key", '"n"'],
      ["number", "-1500"],
      ["key", '"stream"'],
      ["word", "true"],
      ["key", '"stop"'],
      ["word", "null"],
    ],
  );
});

test("a string that never ends takes no longer than its length", () => {
  const body = `"${"\\a".repeat(500_000)}`;
  assert.equal(jsonPieces(body, []).length, 1);
});
