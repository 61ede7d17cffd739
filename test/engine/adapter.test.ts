import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { workerPython } from "../../scripts/worker-env.ts";
import { createEndpoint } from "../../server/src/endpoints/endpoint.ts";
import { cli } from "../cli/harness.ts";
import { prepareEngine, startPrepared } from "./prepared.ts";

const prepared = await prepareEngine();
const found = workerPython(() => {});
const skip = typeof prepared === "string" ? prepared : "missing" in found ? found.missing : false;

const folder = mkdtempSync(join(tmpdir(), "jiuzhang-adapter-"));
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

function makeAdapter(name: string, scale: number): string {
  const file = join(folder, name);
  const script = join(import.meta.dirname, "make-adapter.py");
  const { status, stderr } = spawnSync("python" in found ? found.python : "", [script, file, String(scale)], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return file;
}

/** What the model says first, with or without an adapter. */
async function firstWords(adapterFile?: string): Promise<string> {
  if (typeof prepared === "string") throw new Error(prepared);
  const engine = await startPrepared(prepared, adapterFile === undefined ? {} : { adapterFile });
  const endpoint = createEndpoint({ baseUrl: engine.baseUrl, apiKey: engine.token, model: engine.model, stallSeconds: 120 });
  try {
    const body = { model: engine.model, prompt: "## Problem\nTom has", temperature: 0, max_tokens: 12 };
    const { body: answer } = await endpoint.send({ url: "/v1/completions", body, stream: false, signal: new AbortController().signal });
    return (answer.choices as { text: string }[])[0]?.text ?? "";
  } finally {
    endpoint.close();
    await engine.stop();
  }
}

test("an adapter changes what the embedded model says, and one of zeros does not", { skip }, async () => {
  const bare = await firstWords();
  assert.notEqual(bare, "");
  assert.equal(await firstWords(makeAdapter("zero.gguf", 0)), bare);
  assert.notEqual(await firstWords(makeAdapter("strong.gguf", 0.5)), bare);
});

test("an adapter that is not there, or no adapter, is named before anything is asked", { skip }, async () => {
  writeFileSync(join(folder, "seeds.jsonl"), '{"text": "Odd numbers add up to squares."}\n');
  writeFileSync(join(folder, "text.gguf"), "not an adapter");
  for (const [file, words] of [
    ["gone.gguf", /There is no such adapter file/],
    ["text.gguf", /This file is not a GGUF adapter/],
  ] as const) {
    writeFileSync(join(folder, "jiuzhang.yaml"), `endpoints:\n  tuned: { embedded: true, adapter_file: ${file} }\n`);
    const template = join(import.meta.dirname, "..", "..", "prompts", "base", "grade.prompty");
    const { code, stderr } = await cli(["generate", "--template", template, "--seeds", "seeds.jsonl", "--count", "1"], { cwd: folder });
    assert.notEqual(code, 0);
    assert.match(stderr, words);
    assert.match(stderr, new RegExp(`${file}[^]*adapter_file`));
  }
});
