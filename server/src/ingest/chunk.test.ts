import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Chunk, createChunker } from "./chunk.ts";

function chunks(text: string, size: number, markdown = true): Chunk[] {
  const chunker = createChunker({ size, markdown });
  const found: Chunk[] = [];
  let position = 0;
  for (const [at, line] of (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).entries()) {
    found.push(...chunker.push(line, position, at + 1));
    position += line.length;
  }
  return [...found, ...chunker.end()];
}

const block = fc.oneof(
  { weight: 4, arbitrary: fc.lorem({ maxCount: 60 }) },
  { weight: 1, arbitrary: fc.lorem({ maxCount: 3 }).map((title) => `## ${title}`) },
  { weight: 1, arbitrary: fc.lorem({ maxCount: 30 }).map((body) => `$$\n${body}\n\n${body}\n$$`) },
  { weight: 1, arbitrary: fc.lorem({ maxCount: 30 }).map((body) => `\`\`\`python\n${body}\n\n# ${body}\n\`\`\``) },
  { weight: 1, arbitrary: fc.constantFrom("", "$$", "```", "\\[", "# ", "𝔸𝔹".repeat(50), "x".repeat(400)) },
);
const text = fc.array(block, { maxLength: 12 }).map((blocks) => blocks.join("\n\n"));

test("every character but white space is in exactly one chunk, at its span and line", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 40, max: 300 }), (whole, size) => {
      let before = 0;
      for (const { text: piece, span, line } of chunks(whole, size)) {
        assert.equal(whole.slice(span.start, span.end), piece);
        assert.equal(whole.slice(before, span.start).trim(), "");
        assert.equal(whole.slice(0, span.start).split("\n").length, line);
        assert.ok(!/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/.test(piece), "a surrogate pair is cut");
        before = span.end;
      }
      assert.equal(whole.slice(before).trim(), "");
    }),
  );
});

test("formulas and fenced blocks stay whole, and chunks are about as long as asked for", () => {
  const sentence = "A triangle has three sides and three angles. ";
  const formula = `$$\n${"x + y = z \\\\\n".repeat(10)}\n$$`;
  const fence = `\`\`\`python\nprint(1)\n\nprint(2)\n${"# more\n".repeat(10)}\`\`\``;
  const whole = Array.from({ length: 20 }, (_, at) => `${sentence.repeat(4)}\n\n${at % 2 === 0 ? formula : fence}`).join("\n\n");
  const found = chunks(whole, 400);
  for (const { text: piece } of found) {
    assert.equal(piece.split("$$").length % 2, 1, piece);
    assert.equal(piece.split("```").length % 2, 1, piece);
    assert.ok(piece.length <= 400 * 1.5, String(piece.length));
  }
  const mean = found.reduce((sum, { text: piece }) => sum + piece.length, 0) / found.length;
  assert.ok(mean > 200, String(mean));
});

test("a long paragraph is cut after sentences and never inside a formula", () => {
  const found = chunks("Let $a. b$ be a number. It is large! ".repeat(60), 300, false);
  assert.ok(found.length >= 6);
  for (const { text: piece } of found) {
    assert.match(piece, /[.!]$/);
    assert.equal(piece.split("$").length % 2, 1, piece);
  }
});

test("CRLF becomes LF in the text, and the span still covers the original", () => {
  const [chunk] = chunks("One\r\ntwo\r\n", 100) as [Chunk];
  assert.deepEqual([chunk.text, chunk.span], ["One\ntwo", { start: 0, end: 8 }]);
});
