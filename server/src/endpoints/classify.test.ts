import assert from "node:assert/strict";
import { test } from "node:test";
import { APIConnectionError, APIError, APIUserAbortError } from "openai";
import { fail, type Problem } from "#protocol/errors.ts";
import { type CallContext, classify } from "./classify.ts";
import { retryClass } from "./retry.ts";

const answer = (status: number, body: unknown, context: CallContext = {}, headers: Record<string, string> = {}): Problem =>
  classify(
    APIError.generate(status, typeof body === "string" ? { error: { message: body } } : (body as object), undefined, new Headers(headers)),
    context,
  );

test("a prompt that is too long, in the words of every server", () => {
  for (const [status, body] of [
    [
      400,
      {
        error: {
          message: "This model's maximum context length is 8192 tokens. However, you requested 9000.",
          code: "context_length_exceeded",
        },
      },
    ],
    [400, "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens."],
    [400, "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 tokens"],
    [400, "The decoder prompt (length 5000) is longer than the maximum model length of 4096."],
    [
      400,
      {
        error: {
          code: 400,
          message: "the request exceeds the available context size, try increasing it",
          type: "exceed_context_size_error",
        },
      },
    ],
    [400, "the input length exceeds the context length"],
    [
      400,
      {
        error:
          "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
      },
    ],
    [400, "The number of tokens to keep from the initial prompt is greater than the context length"],
    [400, "prompt is too long: 210000 tokens > 200000 maximum"],
    [400, "The input token count (40000) exceeds the maximum number of tokens allowed (32768)."],
    [400, "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"],
    [413, "Request too large"],
  ] as const) {
    const problem = answer(status, body);
    assert.equal(problem.code, "model/context-too-long", JSON.stringify(body));
    assert.equal(retryClass(problem), "final");
  }
});

test("statuses and codes that servers use for the same thing", () => {
  for (const [status, body, code] of [
    [404, { error: { message: 'model "x" not found, try pulling it first' } }, "model/not-found"],
    [404, { object: "error", message: "The model `x` does not exist.", type: "NotFoundError", code: 404 }, "model/not-found"],
    [400, { error: "No models loaded. Please load a model" }, "model/not-found"],
    [403, { error: { message: "Project does not have access to model x", code: "model_not_found" } }, "model/not-found"],
    [
      429,
      { error: { message: "You exceeded your current quota, please check your plan", code: "insufficient_quota" } },
      "model/quota-exceeded",
    ],
    [402, "Insufficient credits", "model/quota-exceeded"],
    [400, { error: { message: "…", code: "content_filter" } }, "model/filtered"],
    [400, { error: { message: "…", code: "content_policy_violation" } }, "model/filtered"],
    [400, "temperature must be positive", "model/bad-request"],
    [408, "timeout", "model/server-error"],
    [529, "overloaded", "model/server-error"],
  ] as const)
    assert.equal(answer(status, body).code, code, JSON.stringify(body));
});

test("Gemini calls its limit per minute a quota, and says when to come back", () => {
  const problem = answer(429, "You exceeded your current quota. Please retry in 31.5s.");
  assert.equal(problem.code, "model/rate-limited");
  assert.equal(problem.data?.waitSeconds, 31.5);
});

test("without a key a refusal says that the key is missing", () => {
  assert.equal(answer(401, "no", { keyed: false }).code, "model/missing-key");
  assert.equal(answer(401, "no", { keyed: true }).code, "model/wrong-key");
});

test("a schema that the endpoint does not take leads to the section form", () => {
  const problem = answer(400, { error: { message: "response_format is not supported", param: "response_format" } });
  assert.equal(problem.code, "model/bad-request");
  assert.match(problem.remedy ?? "", /section form/);
});

test("the key is taken out of everything the endpoint says", () => {
  const key = "very.odd/key=1234";
  const problem = answer(401, { error: { message: `bad key ${key} in Bearer ${key}`, code: key } }, { apiKey: key, keyed: true });
  assert.ok(!JSON.stringify(problem).includes(key), JSON.stringify(problem));
  assert.ok(!JSON.stringify(answer(401, "wrong: sk-proj-abcdef123456")).includes("abcdef123456"));
});

test("what is below HTTP", () => {
  const connection = (code: string) =>
    classify(
      new APIConnectionError({
        message: "Connection error.",
        cause: new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) }),
      }),
      { host: "h" },
    );
  for (const [code, wanted, kind] of [
    ["ECONNREFUSED", "model/unreachable", "retry"],
    ["ENOTFOUND", "model/unreachable", "retry"],
    ["EAI_AGAIN", "model/unreachable", "retry"],
    ["UND_ERR_CONNECT_TIMEOUT", "model/unreachable", "retry"],
    ["CERT_HAS_EXPIRED", "model/unreachable", "fatal"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "model/unreachable", "fatal"],
    ["ECONNRESET", "model/reset", "retry"],
    ["UND_ERR_SOCKET", "model/reset", "retry"],
    ["UND_ERR_HEADERS_TIMEOUT", "model/stalled", "retry"],
  ] as const) {
    const problem = connection(code);
    assert.equal(problem.code, wanted, code);
    assert.equal(retryClass(problem), kind, code);
    assert.ok(problem.remedy, code);
  }
  assert.equal(classify(new APIUserAbortError()).code, "model/aborted");
});

test("our own problems stay what they are, and unknown errors keep their words", () => {
  assert.equal(classify(fail("index/locked", "…")).code, "index/locked");
  assert.deepEqual(classify(new RangeError("odd")).code, "internal");
  assert.equal(classify("odd").message, "odd");
});
