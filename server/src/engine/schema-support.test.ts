import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "./api-error.ts";
import { enforceableSchema } from "./schema-support.ts";

test("what the grammar enforces passes, without the remarks", () => {
  const item = { anyOf: [{ type: "string", maxLength: 5 }, { type: "null" }], description: "a name" };
  assert.deepEqual(
    enforceableSchema({
      $schema: "…",
      type: "object",
      properties: { a: item, b: { $ref: "#/$defs/n" }, title: { const: 1 } },
      required: ["a"],
      additionalProperties: false,
      $defs: { n: { type: "integer" } },
    }),
    {
      type: "object",
      properties: { a: { oneOf: [{ type: "string", maxLength: 5 }, { type: "null" }] }, b: { $ref: "#/$defs/n" }, title: { const: 1 } },
      required: ["a"],
      additionalProperties: false,
      $defs: { n: { type: "integer" } },
    },
  );
});

test("what it would pass over in silence is refused with its place", () => {
  for (const [schema, words] of [
    [{ type: "object", properties: { a: { type: "string", pattern: "^a" } } }, /schema\.properties\.a uses pattern/],
    [{ allOf: [] }, /allOf/],
    [{ type: "array", items: { type: "integer", minimum: 1 } }, /schema\.items uses minimum/],
    [{ type: "string", format: "email" }, /email/],
    [{ $ref: "#/nowhere" }, /nowhere/],
    [{ oneOf: [] }, /list/],
    [{ properties: [1] }, /schema\.properties\.0/],
    [5, /not an object/],
  ] as const)
    assert.throws(
      () => enforceableSchema(schema),
      (error: ApiError) => error instanceof ApiError && error.status === 400 && words.test(error.message),
      JSON.stringify(schema),
    );
});
