import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppError } from "#protocol/errors.ts";
import { normalizeBaseUrl } from "./base-url.ts";

test("what people paste means the same address", () => {
  for (const [given, wanted] of [
    ["http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"],
    ["http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1"],
    ["http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"],
    ["https://api.example.org/v1/chat/completions", "https://api.example.org/v1"],
    ["https://api.example.org/v1/completions/", "https://api.example.org/v1"],
    ["https://host/proxy", "https://host/proxy/v1"],
    ["https://host/api/paas/v4", "https://host/api/paas/v4"],
    ["https://host/v1beta/openai/", "https://host/v1beta/openai"],
    ["https://host/openai/v1?api-version=1", "https://host/openai/v1?api-version=1"],
  ] as const)
    assert.equal(normalizeBaseUrl(given), wanted, given);
});

test("what is no address is refused, without repeating a password", () => {
  for (const given of ["", "localhost:8000", "ftp://host", "http://user:hunter2@host/v1", "https://hunter2@host"])
    assert.throws(
      () => normalizeBaseUrl(given),
      (error: AppError) => error.problem.code === "usage/invalid-argument" && !JSON.stringify(error.problem).includes("hunter2"),
    );
});
