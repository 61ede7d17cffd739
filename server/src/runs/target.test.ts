import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { modelIdentity } from "../recipe/identity.ts";
import { chooseEndpoint, endpointSpec } from "./target.ts";

const project = mkdtempSync(join(tmpdir(), "jiuzhang-target-"));
after(() => rmSync(project, { recursive: true, force: true }));
writeFileSync(
  join(project, "jiuzhang.yaml"),
  `endpoints:
  teacher: { base_url: "http://127.0.0.1:9/v1", model: big, provider: house, revision: "2026-01" }
  small: { embedded: true, model_file: models/own.gguf }
  tuned: { embedded: true, adapter_file: models/tuned.gguf }
  both: { embedded: true, model_file: models/own.gguf, adapter_file: models/tuned.gguf }
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

test("a declared adapter stays with the declared model, and is not laid on another one", async () => {
  const adapter = async (endpoint: string, model?: string) => (await choose({ endpoint, model })).adapter_file;
  const tuned = resolve(project, "models/tuned.gguf");
  assert.deepEqual([await adapter("tuned"), await adapter("both")], [tuned, tuned]);
  assert.deepEqual([await adapter("tuned", "other.gguf"), await adapter("both", "other.gguf")], [null, null]);
  assert.equal(await adapter("both", join(project, "models/own.gguf")), tuned);
});

test("a key that belongs to another provider is never sent to an address that somebody typed", async () => {
  const typed = { baseUrl: "http://127.0.0.1:9/v1", model: "m" };
  assert.equal((await choose(typed, { OPENAI_API_KEY: "set" })).api_key, null);
  assert.deepEqual((await choose(typed, { JIUZHANG_API_KEY: "set" })).api_key, { env: "JIUZHANG_API_KEY" });
  await assert.rejects(choose({ baseUrl: "127.0.0.1:9", model: "m" }), { message: /wants an address/ });
  await assert.rejects(choose({ baseUrl: "http://127.0.0.1:9/v1" }), { message: /needs --model/ });
});

test("a model with an adapter is another model than without, and than with another", async () => {
  const endpoint = await choose({ endpoint: "tuned" });
  assert.equal(endpoint.adapter_file, resolve(project, "models/tuned.gguf"));
  const model = { path: "model.gguf", sha256: "a".repeat(64) };
  const bare = endpointSpec(endpoint, model, {});
  const [one, other] = ["b", "c"].map((digit) =>
    endpointSpec(endpoint, { ...model, adapter: { file: "adapter.gguf", sha256: digit.repeat(64) } }, {}),
  );
  assert.equal(bare.identity, `sha256:${model.sha256}`);
  assert.equal(new Set([bare.identity, one?.identity, other?.identity]).size, 3);
  assert.match(one?.identity ?? "", /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(one?.endpoint.embedded?.adapter, { file: "adapter.gguf", sha256: "b".repeat(64) });
});
