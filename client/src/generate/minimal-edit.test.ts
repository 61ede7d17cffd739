import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { minimalEdit } from "./minimal-edit.ts";

test("the edit makes one text of the other, and touches neither their common beginning nor their common end", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const edit = minimalEdit(before, after);
      if (edit === null) return assert.equal(before, after);
      assert.equal(before.slice(0, edit.start) + edit.text + before.slice(edit.end), after);
      const [first, last] = [edit.text.at(0), edit.text.at(-1)];
      if (edit.end > edit.start && edit.text !== "") {
        assert.notEqual(before[edit.start], first);
        assert.ok(before[edit.end - 1] !== last || edit.end - edit.start === 0);
      }
    }),
  );
  assert.deepEqual(minimalEdit("one\ntwo\n", "one\nand\ntwo\n"), { start: 4, end: 4, text: "and\n" });
});
