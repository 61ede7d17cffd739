import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "./api-error.ts";
import { parseBody, readDelivery, readWriting } from "./request-body.ts";

test("every field has its own value where none is given", () => {
  assert.deepEqual(readWriting({ temperature: null }), {
    maxTokens: 1024,
    stop: [],
    temperature: 1,
    topP: 1,
    topK: 0,
    minP: 0,
    repeatPenalty: 1,
    frequencyPenalty: 0,
    presencePenalty: 0,
    seed: null,
    shape: null,
  });
});

test("both names of the limit, both forms of stop, seeds of any size", () => {
  assert.equal(readWriting({ max_completion_tokens: 7 }).maxTokens, 7);
  assert.deepEqual(readWriting({ stop: "a" }).stop, ["a"]);
  assert.deepEqual(readWriting({ stop: ["a", "", "b"] }).stop, ["a", "b"]);
  assert.equal(readWriting({ seed: 5 }).seed, 5);
  for (const seed of [-1, 2 ** 32 - 1, 2 ** 53 - 1])
    assert.ok((readWriting({ seed }).seed ?? -1) >= 0 && (readWriting({ seed }).seed ?? 2 ** 32) < 2 ** 32 - 1);
});

test("what cannot be done is refused by name, not ignored", () => {
  for (const [field, value] of Object.entries({
    n: 2,
    best_of: 3,
    logprobs: true,
    echo: true,
    tools: [{}],
    temperature: "hot",
    top_p: 2,
    max_tokens: 0,
    seed: 1.5,
    stop: 5,
    response_format: { type: "xml" },
  }))
    assert.throws(
      () => readWriting({ [field]: value }),
      (error: ApiError) => error instanceof ApiError && error.status === 400 && error.param === field,
      field,
    );
  assert.throws(() => readDelivery({ stream: "yes" }), ApiError);
});

test("a body that is no JSON object", () => {
  for (const text of ["", "{", "[]", "null", "1"]) assert.throws(() => parseBody(text), ApiError, text);
});
