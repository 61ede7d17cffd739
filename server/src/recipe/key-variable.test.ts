import assert from "node:assert/strict";
import { test } from "node:test";
import { keyVariable, looksLikeKey } from "./key-variable.ts";

test("a secret's name becomes the name of its variable", () => {
  assert.deepEqual(keyVariable("teacher"), ["JIUZHANG_KEY_TEACHER"]);
  assert.deepEqual(keyVariable("my-lab.key2"), ["JIUZHANG_KEY_MY_LAB_KEY2"]);
  assert.deepEqual(keyVariable("openai"), ["JIUZHANG_KEY_OPENAI", "OPENAI_API_KEY"]);
});

test("keys are told from names", () => {
  for (const key of ["sk-proj-Abc123Abc123", "gsk_abcdefghijklmnop", "hf_abcdefghijklmnop", "0123456789abcdef0123456789abcdef"])
    assert.ok(looksLikeKey(key), key);
  for (const name of ["openai", "OPENAI_API_KEY", "JIUZHANG_KEY_OPENAI", "my-lab", "key-2", "AZURE_OPENAI_API_KEY_FOR_THE_LAB"])
    assert.ok(!looksLikeKey(name), name);
});
