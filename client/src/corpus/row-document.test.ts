import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MalformedRow, parseRow, printRow, type RowTexts, sameTexts } from "./row-document.ts";

const line = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, "")),
  fc.constantFrom(
    "",
    " ",
    "## Problem",
    "## Solution",
    "## Answer  ",
    "\\## Answer",
    "\\\\## Problem",
    "## Problem 2",
    "### Solution",
    "\\(x\\)",
  ),
);
const text = fc.array(line, { minLength: 1, maxLength: 8 }).map((lines) => lines.join("\n"));
const full = text.filter((value) => value.trim() !== "");
const present = text.filter((value) => value !== "");
const rows: fc.Arbitrary<RowTexts> = fc.record(
  { text: full, solution: fc.option(present), answer: fc.option(present) },
  { noNullPrototype: true },
);

test("what is printed is read back as it was, headings of the text's own included", () => {
  fc.assert(
    fc.property(rows, (row) => assert.deepEqual(parseRow(printRow(row)), row)),
    { numRuns: 1_000 },
  );
});

test("Windows line ends change nothing", () => {
  fc.assert(fc.property(rows, (row) => assert.ok(sameTexts(parseRow(printRow(row).replaceAll("\n", "\r\n")), row))));
});

test("whatever is written is read or refused with a line that exists, never anything else", () => {
  fc.assert(
    fc.property(text, (document) => {
      try {
        assert.notEqual(parseRow(document).text.trim(), "");
      } catch (thrown) {
        assert.ok(thrown instanceof MalformedRow);
        assert.ok(thrown.line >= 1 && thrown.line <= document.split("\n").length);
      }
    }),
  );
});

test("people need not keep the empty lines, the order, or the parts that they do not use", () => {
  assert.deepEqual(parseRow("## Answer\n7\n## Problem\nHow many?"), { text: "How many?", solution: null, answer: "7" });
  assert.deepEqual(parseRow("\n## Problem\n\nHow many?\n\n## Solution\n\n"), { text: "How many?", solution: null, answer: null });
});

test("refusals say what to do", () => {
  const words = (document: string) => {
    try {
      parseRow(document);
    } catch (thrown) {
      return `${(thrown as MalformedRow).line}: ${(thrown as Error).message}`;
    }
    return null;
  };
  assert.match(words("## Solution\nno") ?? "", /^1: The heading “## Problem” is missing/);
  assert.match(words("hello\n## Problem\nx") ?? "", /^1: Text stands before/);
  assert.match(words("## Problem\n\n\n## Solution\nx") ?? "", /^1: The problem is empty/);
  assert.match(words("## Problem\nx\n## Problem\ny") ?? "", /^3: .*stands twice, in lines 1 and 3/);
});
