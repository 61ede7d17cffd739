import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { modelIdentity } from "../recipe/identity.ts";
import { chooseEndpoint } from "./target.ts";

const project = mkdtempSync(join(tmpdir(), "jiuzhang-target-"));
after(() => rmSync(project, { recursive: true, force: true }));
writeFileSync(
  join(project, "jiuzhang.yaml"),
  `endpoints:
  teacher: { base_url: "http://127.0.0.1:9/v1", model: big, provider: house, revision: "2026-01" }
  small: { embedded: true, model_file: models/own.gguf }
  far: { embedded: true, model_file: "hf:owner/repo/file.gguf" }
`,
);
const choose = (choice: Parameters<typeof chooseEndpoint>[1], env = {}) => chooseEndpoint(project, choice, env);

test("the recipe's first endpoint, the named one, or the embedded model", async () => {
  assert.equal((await choose({})).name, "teacher");
  assert.equal((await choose({ endpoint: "small" })).name, "small");
  await assert.rejects(choose({ endpoint: "smal" }), { message: /no endpoint “smal”/ });
  const own = await choose({ model: "own.gguf" });
  assert.deepEqual([own.embedded, own.model_file], [true, "own.gguf"]);
});

test("another model at an endpoint is asked under its own identity", async () => {
  assert.equal(modelIdentity(await choose({ endpoint: "teacher" })), "house/big@2026-01");
  assert.equal(modelIdentity(await choose({ endpoint: "teacher", model: "big" })), "house/big@2026-01");
  assert.equal(modelIdentity(await choose({ endpoint: "teacher", model: "new" })), "house/new");
});

test("a model file of the recipe is meant from its folder on, one of the command line from where it is typed", async () => {
  assert.equal((await choose({ endpoint: "small" })).model_file, resolve(project, "models/own.gguf"));
  assert.equal((await choose({ endpoint: "far" })).model_file, "hf:owner/repo/file.gguf");
  assert.equal((await choose({ endpoint: "small", model: "other.gguf" })).model_file, "other.gguf");
});

test("a key that belongs to another provider is never sent to an address that somebody typed", async () => {
  const typed = { baseUrl: "http://127.0.0.1:9/v1", model: "m" };
  assert.equal((await choose(typed, { OPENAI_API_KEY: "set" })).api_key, null);
  assert.deepEqual((await choose(typed, { JIUZHANG_API_KEY: "set" })).api_key, { env: "JIUZHANG_API_KEY" });
  await assert.rejects(choose({ baseUrl: "127.0.0.1:9", model: "m" }), { message: /wants an address/ });
  await assert.rejects(choose({ baseUrl: "http://127.0.0.1:9/v1" }), { message: /needs --model/ });
});
