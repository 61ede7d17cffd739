import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { answerVerdict } from "./answer.ts";
import { copiedShare, copyVerdict } from "./copy.ts";
import { compareOrigins, duplicateVerdict, normalise } from "./duplicate.ts";

test("a text copies itself whole, and nothing of a text without its words", () => {
  fc.assert(fc.property(fc.lorem({ maxCount: 60 }), (text) => assert.equal(copiedShare(text, `before ${text} after`), 1)));
  assert.equal(copiedShare("one two three four five six seven eight nine", "nine eight seven six five four three two one"), 0);
  assert.equal(copiedShare("", "anything"), null);
});

test("short texts are compared by what they have", () => {
  assert.equal(copiedShare("two words", "here are two words for you"), 1);
  assert.equal(copiedShare("two words", "words two"), 0);
});

test("signs count as words, so another formula is no copy", () => {
  assert.equal(copiedShare("x + 1 = y", "x - 1 = y"), 0);
});

test("verdicts in words", () => {
  const seed = "The river flows three miles every hour and the boat goes seven miles in the same time downstream";
  assert.equal(copyVerdict(seed, seed).reason, "copy 1.00");
  assert.equal(copyVerdict("A quite different problem about apples and pears in a basket.", seed).value, "pass");
  assert.equal(copyVerdict(seed, undefined).value, "unknown");
  assert.equal(answerVerdict("9/2").reason, "answer 9/2");
  assert.equal(answerVerdict(null).value, "fail");
  assert.deepEqual(duplicateVerdict("3f9a2c77aa"), {
    check: "duplicate",
    value: "fail",
    reason: "duplicate of 3f9a2c",
    evidence: "3f9a2c77aa",
  });
});

test("white space and letter case make no new problem", () => {
  assert.equal(normalise(" A\n\tproblem  about\u00a0x "), normalise("a problem about x"));
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => assert.equal(normalise(normalise(text)), normalise(text))));
});

test("origins are ordered by time, then source, then place", () => {
  const origin = fc.record({ created: fc.nat(3), source: fc.constantFrom("a", "b"), ordinal: fc.nat(3) });
  fc.assert(fc.property(origin, origin, (a, b) => assert.equal(Math.sign(compareOrigins(a, b)) + Math.sign(compareOrigins(b, a)), 0)));
  assert.ok(compareOrigins({ created: 1, source: "b", ordinal: 9 }, { created: 2, source: "a", ordinal: 0 }) < 0);
});
