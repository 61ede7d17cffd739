import assert from "node:assert/strict";
import { test } from "node:test";
import type { PreviewSegment } from "#protocol/messages/preview.ts";
import { linesOf, partOnLine, placeRuns, runsAtLine, spanAt } from "./placing.ts";

const literal = (text: string, line: number, start: number, source = text): PreviewSegment => ({
  text,
  input: null,
  line,
  span: { start, end: start + source.length },
});
const value = (text: string, line: number): PreviewSegment => ({ text, input: 0, line, span: { start: 100, end: 110 } });
const long = "x".repeat(100);

test("a long value that fills its lines is a block, and the line end behind it is shown once", () => {
  const shown = placeRuns([literal("<p>\n", 1, 0), value(long, 2), literal("\n</p>", 2, 14)]);
  assert.deepEqual(
    shown.map(({ block, text }) => [block, text]),
    [
      [false, "<p>\n"],
      [true, long],
      [false, "</p>"],
    ],
  );
});

test("a value within a line, a short one and one of an image stay in their line", () => {
  const inline = (...segments: PreviewSegment[]) =>
    placeRuns(segments).every(({ block, text, segment }) => !block && text === segment.text);
  assert.ok(inline(literal("a ", 1, 0), value(long, 1), literal("\nb", 1, 12)));
  assert.ok(inline(value(long, 1), literal(" b", 1, 10)));
  assert.ok(inline(value("short", 1)));
  assert.ok(inline({ ...value(long, 1), part: "image" }));
});

test("a block that ends with a line end shows the empty line behind it", () => {
  assert.equal(placeRuns([value("a\nb\n", 1), literal("\nc", 1, 10)])[0]?.text, "a\nb\n\u200b");
});

test("a line of the template finds its runs, and its part of a literal", () => {
  const text = literal("one\ntwo\nthree ", 5, 20);
  const messages = [{ role: "user" as const, segments: [text, value("v", 7), literal(" end", 7, 40)] }];
  assert.deepEqual(linesOf(text), { first: 5, last: 7 });
  assert.deepEqual(
    runsAtLine(messages, 7).map(({ index }) => index),
    [0, 1, 2],
  );
  assert.deepEqual(runsAtLine(messages, 4), []);
  assert.equal(text.text.slice(partOnLine(text, 6).start, partOnLine(text, 6).end), "two");
  assert.equal(text.text.slice(partOnLine(text, 7).start, partOnLine(text, 7).end), "three ");
});

test("a place of a literal is its line in the template, whatever its line ends; a place of a value is its expression", () => {
  for (const [text, source] of [
    ["one\ntwo\nthree", "one\ntwo\nthree"],
    ["one\ntwo\nthree", "one\r\ntwo\r\nthree"],
  ] as const)
    for (const word of ["one", "two", "three"]) {
      const segment = literal(text, 1, 0, source);
      for (const within of [0, 1, word.length]) {
        const { start, end } = spanAt(segment, text.indexOf(word) + within);
        assert.equal(source.slice(start, end), word, `${word} +${within}`);
      }
    }
  assert.deepEqual(spanAt(value("v", 1), 0), { start: 100, end: 110 });
  const mixed = literal("a\nb\nc", 1, 0, "a\r\nb\nc");
  assert.deepEqual(spanAt(mixed, 3), mixed.span);
});
