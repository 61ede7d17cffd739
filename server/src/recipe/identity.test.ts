import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { modelIdentity } from "./identity.ts";
import { parseRecipe } from "./parse.ts";

const declare = (settings: string) => {
  const endpoint = parseRecipe(`endpoints: { a: ${settings} }`, "f").endpoints.get("a");
  assert.ok(endpoint);
  return endpoint;
};

test("a served model is its provider, name and revision, wherever it is served", () => {
  assert.equal(modelIdentity(declare("{ base_url: 'http://a:1/v1', model: Qwen/Qwen3-8B }")), "openai-compatible/Qwen/Qwen3-8B");
  assert.equal(
    modelIdentity(declare("{ base_url: 'http://a:1/v1', model: m, provider: lab, api_key: { secret: x } }")),
    modelIdentity(declare("{ base_url: 'https://b/v1', model: m, provider: lab }")),
  );
  assert.equal(modelIdentity(declare("{ base_url: 'https://b/v1', model: m, provider: lab, revision: 'two' }")), "lab/m@two");
});

test("an embedded model is its file, whatever it is called", () => {
  const hash = "AB".repeat(32);
  assert.equal(modelIdentity(declare("{ embedded: true }"), hash), `sha256:${hash.toLowerCase()}`);
  assert.equal(modelIdentity(declare("{ embedded: true, model: x, model_file: y }"), hash), `sha256:${hash.toLowerCase()}`);
  assert.throws(() => modelIdentity(declare("{ embedded: true }")), AppError);
  assert.throws(() => modelIdentity(declare("{ embedded: true }"), "no hash"), AppError);
});
