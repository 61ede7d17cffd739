import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./suggest.ts";

test("a slip of the fingers finds its word, another word does not", () => {
  const words = ["base_url", "model", "model_file", "price", "rpm", "tpm"];
  assert.equal(nearest("baseURL", words), "base_url");
  assert.equal(nearest("base-url", words), "base_url");
  assert.equal(nearest("modle", words), "model");
  assert.equal(nearest("model-file", words), "model_file");
  assert.equal(nearest("pirce", words), "price");
  assert.equal(nearest("rmp", words), "rpm");
  assert.equal(nearest("temperature", words), null);
  assert.equal(nearest("", words), null);
});
