import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { splitBlocks, splitInline } from "./markdown.ts";

test("paragraphs, headings, lists and code are told apart", () => {
  const text = "## Problem\nOne\ntwo\n\n- a\n- b\n  more\n\n3. c\n4. d\n\n```python\nprint(1)\n\nprint(2)\n```\nend";
  assert.deepEqual(splitBlocks(text), [
    { kind: "heading", text: "Problem" },
    { kind: "paragraph", text: "One\ntwo" },
    { kind: "list", ordered: false, start: 1, items: ["a", "b\nmore"] },
    { kind: "list", ordered: true, start: 3, items: ["c", "d"] },
    { kind: "fence", language: "python", code: "print(1)\n\nprint(2)" },
    { kind: "paragraph", text: "end" },
  ]);
});

test("code that has not ended yet is code to the end", () => {
  assert.deepEqual(splitBlocks("```\na\nb"), [{ kind: "fence", language: "", code: "a\nb" }]);
});

test("a minus, a multiplication and a decimal number begin no list", () => {
  for (const text of ["-3 is negative", "*x* is", "3.5 is", "2 * 3"]) assert.deepEqual(splitBlocks(text), [{ kind: "paragraph", text }]);
});

test("a formula of several lines stays whole, in a paragraph and in an item, but not where it begins in code", () => {
  assert.deepEqual(splitBlocks("So\n\\[\na\n- b\n\n# c\n\\]\nend"), [{ kind: "paragraph", text: "So\n\\[\na\n- b\n\n# c\n\\]\nend" }]);
  assert.deepEqual(splitBlocks("- $$\n- b$$\n- c"), [{ kind: "list", ordered: false, start: 1, items: ["$$\n- b$$", "c"] }]);
  assert.deepEqual(splitBlocks("```\n$a\n```\n- b$"), [
    { kind: "fence", language: "", code: "$a" },
    { kind: "list", ordered: false, start: 1, items: ["b$"] },
  ]);
});

test("bold and code are found within a line", () => {
  assert.deepEqual(splitInline("a **b** `c` d"), [
    { kind: "text", text: "a " },
    { kind: "bold" },
    { kind: "text", text: "b" },
    { kind: "bold" },
    { kind: "text", text: " " },
    { kind: "code", text: "c" },
    { kind: "text", text: " d" },
  ]);
});

test("no text makes it throw, and no letter is lost", () => {
  const pieces = fc.constantFrom("```", "~~~", "# ", "- ", "1. ", "\n", "\n\n", "  ", "a", "b", "**", "`");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 50 }), (words) => {
      const text = words.join("");
      const kept = splitBlocks(text)
        .map((block) => (block.kind === "list" ? block.items.join("") : block.kind === "fence" ? block.language + block.code : block.text))
        .join("");
      const letters = (of: string) => of.replace(/[^ab]/g, "");
      // What stands behind a fence's marks is its language, of which the first word counts.
      if (!/(?:```|~~~)[^\n]*[ab]/.test(text)) assert.equal(letters(kept), letters(text));
    }),
    { numRuns: 2_000 },
  );
});
