import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSummary } from "#protocol/messages/endpoints.ts";
import { type Circumstances, whatBlocks } from "./blocked.ts";

const served: EndpointSummary = {
  name: "teacher",
  model: "m",
  embedded: false,
  baseUrl: "http://x/v1",
  key: null,
  price: null,
  line: 2,
  installed: null,
  modelFile: null,
};
const embedded: EndpointSummary = { ...served, name: "embedded", embedded: true, baseUrl: null, line: null, installed: false };
const GOOD: Circumstances = { project: "file:///p", trusted: true, server: "ready", endpoints: [served], endpoint: null, values: "seed" };

const code = (more: Partial<Circumstances>) => whatBlocks({ ...GOOD, ...more }).blocked?.code ?? null;
const command = (more: Partial<Circumstances>) => whatBlocks({ ...GOOD, ...more }).lead?.command ?? null;

test("with a folder, trust, a server, a model and values nothing blocks", () => {
  assert.deepEqual(whatBlocks(GOOD), { blocked: null, lead: null });
  assert.equal(code({ values: "none" }), null);
  assert.equal(code({ server: "stopped" }), null, "the first request starts it");
});

test("each thing that is missing is named, with the button that leads on where there is one", () => {
  assert.deepEqual([code({ project: null }), command({ project: null })], ["project/none", "vscode.openFolder"]);
  assert.deepEqual([code({ trusted: false }), command({ trusted: false })], ["project/untrusted", "workbench.trust.manage"]);
  assert.deepEqual([code({ server: "starting" }), command({ server: "starting" })], ["server/stopped", null]);
  assert.equal(command({ server: "crashed" }), "jiuzhang.restartServer");
  assert.equal(command({ endpoints: [] }), "jiuzhang.addEndpoint");
  assert.equal(command({ endpoints: [embedded] }), "jiuzhang.addEndpoint", "the one that no recipe declares is no choice of the user's");
  assert.equal(command({ endpoints: [{ ...embedded, line: 3 }] }), "jiuzhang.installEngine");
  const remote = { ...embedded, line: 3, modelFile: "hf:owner/repository/a.gguf" };
  assert.deepEqual(
    whatBlocks({ ...GOOD, endpoints: [remote] }).lead?.args,
    [{ model: remote.modelFile }],
    "its own model, not the default one",
  );
  assert.equal(code({ endpoints: [{ ...embedded, installed: true }] }), null);
  assert.equal(code({ endpoints: [{ ...served, key: { name: "openai", kind: "secret", present: false } }] }), "model/missing-key");
  assert.equal(command({ endpoint: "nobody" }), "jiuzhang.addEndpoint");
  assert.equal(command({ values: "sample" }), "jiuzhang.importFile");
});
