import assert from "node:assert/strict";
import { test } from "node:test";
import { addressProblem, nameProblem, secretName, suggestName } from "./names.ts";

test("an endpoint is named after its service or machine, and never like another one", () => {
  const cases: [string | null, string[], string][] = [
    ["https://api.openai.com/v1", [], "openai"],
    ["https://api.openai.com/v1", ["openai"], "openai-2"],
    ["https://api.openai.com/v1", ["openai", "openai-2"], "openai-3"],
    ["https://openrouter.ai/api/v1", [], "openrouter"],
    ["http://127.0.0.1:8000/v1", [], "local"],
    ["http://localhost:11434", ["local"], "local-2"],
    ["https://api.deepseek.com", [], "deepseek"],
    ["http://gpu-box:8000/v1", [], "gpu-box"],
    ["http://10.0.0.7:8000", [], "10"],
    ["not an address", [], "endpoint"],
    [null, ["small"], "small-2"],
  ];
  for (const [address, taken, name] of cases) {
    assert.equal(suggestName(address, taken), name);
    assert.equal(nameProblem(name, taken), null);
  }
});

test("endpoints of one service share its key", () => {
  assert.equal(secretName("https://api.openai.com/v1", "teacher"), "openai");
  assert.equal(secretName("https://example.org/v1", "teacher"), "teacher");
});

test("names and addresses that cannot be are told why", () => {
  for (const [name, words] of [
    ["", /name/],
    ["my teacher", /letters/],
    ["-a", /beginning/],
    ["a", /already/],
  ] as const)
    assert.match(nameProblem(name, ["a"]) ?? "", words);
  for (const text of ["", "localhost:8000", "ftp://a", "https://", "http://me:secret@host/v1"])
    assert.notEqual(addressProblem(text), null, text);
  for (const text of ["http://127.0.0.1:8000", " https://api.openai.com/v1 "]) assert.equal(addressProblem(text), null, text);
});
