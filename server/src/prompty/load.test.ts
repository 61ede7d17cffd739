import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, type Problem } from "#protocol/errors.ts";
import { loadTemplate } from "./load.ts";

function problemOf(read: () => string | null): Problem {
  try {
    loadTemplate("prompts/x.prompty", read);
  } catch (thrown) {
    assert.ok(thrown instanceof AppError);
    return thrown.problem;
  }
  return assert.fail("should have thrown");
}

test("a file that is not there", () => {
  const { code, where, remedy } = problemOf(() => null);
  assert.equal(code, "template/unreadable");
  assert.deepEqual(where, { file: "prompts/x.prompty" });
  assert.ok(remedy);
});

test("the first error with its file and place, and how many follow", () => {
  const { code, where, message } = problemOf(() => "Hi {{ a | one }} {{ a | two }}");
  assert.equal(code, "template/invalid");
  assert.deepEqual(where, { file: "prompts/x.prompty", line: 1, column: 11, endLine: 1, endColumn: 14 });
  assert.match(message, /“one” \(and 1 more error\)/);
});

test("warnings do not stop a template", () => {
  const template = loadTemplate("x.prompty", () => "sytem:\nHi");
  assert.equal(template.diagnostics.length, 1);
});
