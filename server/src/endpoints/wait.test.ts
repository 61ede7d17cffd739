import assert from "node:assert/strict";
import { test } from "node:test";
import { readWait } from "./wait.ts";

const NOW = Date.parse("2030-01-01T00:00:00Z");
const wait = (headers: Record<string, string>, message = "") => readWait((name) => headers[name] ?? null, message, NOW);

test("how long to wait, in every form that endpoints use", () => {
  assert.equal(wait({}), null);
  assert.equal(wait({ "retry-after": "7" }), 7);
  assert.equal(wait({ "retry-after": "0" }), 0);
  assert.equal(wait({ "retry-after": "1.5" }), 1.5);
  assert.equal(wait({ "retry-after": "Tue, 01 Jan 2030 00:00:20 GMT" }), 20);
  assert.equal(wait({ "retry-after": "Mon, 31 Dec 2029 23:59:00 GMT" }), 0, "a moment that is over");
  assert.equal(wait({ "retry-after-ms": "250", "retry-after": "9" }), 0.25);
  assert.equal(wait({ "x-ratelimit-reset-requests": "6m0s" }), 360);
  assert.equal(wait({ "x-ratelimit-reset-tokens": "120ms" }), 0.12);
  assert.equal(wait({ "x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "9s" }), 9);
  assert.equal(wait({ "x-ratelimit-reset": String(NOW / 1000 + 3) }), 3, "seconds since the epoch");
  assert.equal(wait({ "x-ratelimit-reset": String(NOW + 3000) }), 3, "milliseconds since the epoch");
  assert.equal(wait({ "anthropic-ratelimit-requests-reset": "2030-01-01T00:00:04Z" }), 4);
  assert.equal(wait({}, "Rate limit reached. Please try again in 1m30s."), 90);
  assert.equal(wait({}, "Please retry in 12.5s"), 12.5);
  assert.equal(wait({}, "Try again in 20 seconds"), 20);
});

test("the limit that is used up counts, not the one that is not", () => {
  const headers = {
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "2s",
    "x-ratelimit-remaining-tokens": "5000",
    "x-ratelimit-reset-tokens": "60s",
  };
  assert.equal(wait(headers), 2);
});

test("nonsense is no wait", () => {
  for (const text of ["", "soon", "-5", "NaN", "Infinity", "1x"])
    assert.equal(wait({ "retry-after": text, "x-ratelimit-reset": text }), null, text);
});
