import assert from "node:assert/strict";
import { test } from "node:test";
import { validMacros } from "./valid-macros.ts";

test("macros that TeX knows are kept, whatever else stands in the setting", () => {
  assert.deepEqual(validMacros({ "\\RR": "\\mathbb{R}", "\\n": 3, "": "x", "two words": "x", "\\d": null }), { "\\RR": "\\mathbb{R}" });
});

test("a setting of another form is none", () => {
  for (const value of [null, undefined, "\\RR", 7, ["\\RR"], true]) assert.deepEqual(validMacros(value), {});
});
