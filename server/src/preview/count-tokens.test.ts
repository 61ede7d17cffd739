import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { createTokenCount, parts, pieces } from "./count-tokens.ts";

const whole = (text: string) => countTokens(text, { disallowedSpecial: new Set() });

test("counting by lines gives what counting the whole gives", () => {
  const count = createTokenCount(whole);
  const words = fc.constantFrom(
    "\n",
    "\n\n",
    "\r\n",
    " ",
    "  ",
    "\t",
    "/",
    "a",
    "Word",
    "12",
    "3456",
    "$x^2$",
    "'s",
    "é",
    "你好",
    "…",
    "<|endoftext|>",
    "\u00a0",
  );
  const texts = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 200 }),
    fc.array(words, { maxLength: 60 }).map((list) => list.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(pieces(text).join(""), text);
      assert.equal(count([text]), whole(text));
    }),
    { numRuns: 3_000 },
  );
});

test("several texts are counted one by one, and again", () => {
  const count = createTokenCount(whole);
  const texts = ["One line.\nAnother one.", "A third"];
  const expected = whole(texts[0] as string) + whole(texts[1] as string);
  assert.equal(count(texts), expected);
  assert.equal(count(texts), expected);
});

test("a long line is counted in parts without a difference, as long as it has spaces", () => {
  const words = fc.constantFrom("a ", "Word ", "12 ", "it's ", "(x) ", "— ", "né ", "  two ");
  fc.assert(
    fc.property(fc.array(words, { minLength: 20, maxLength: 80 }), (list) => {
      const text = list.join("");
      const cut = parts(text, 40);
      assert.equal(cut.join(""), text);
      assert.equal(
        cut.reduce((sum, part) => sum + whole(part), 0),
        whole(text),
      );
    }),
  );
  assert.equal(parts("x".repeat(100), 40).join(""), "x".repeat(100));
});
