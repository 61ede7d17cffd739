import assert from "node:assert/strict";
import { test } from "node:test";
import { SETTINGS } from "../ids.ts";
import { expectation, fits } from "./check.ts";

test("every default is of its own setting's type", () => {
  for (const id of Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]) assert.ok(fits(id, SETTINGS[id].default), id);
});

test("values of the wrong type are refused, with what they should be", () => {
  assert.ok(fits("jiuzhang.person", "ada"));
  assert.ok(fits("jiuzhang.person", null));
  for (const wrong of [3, true, {}, [], undefined]) assert.ok(!fits("jiuzhang.person", wrong), JSON.stringify(wrong));
  assert.equal(expectation("jiuzhang.person"), "text in quotation marks or null");
  assert.ok(!fits("jiuzhang.trace.server", "loud"));
  assert.ok(!fits("jiuzhang.trace.server", true));
  assert.equal(expectation("jiuzhang.trace.server"), '"off", "messages", or "verbose"');
});
