import assert from "node:assert/strict";
import { test } from "node:test";
import { STUDY } from "../../server/src/recipe/study.fixture.ts";
import { folder, startServer } from "./harness.ts";

test("what is wrong among the steps stands at its place while it is typed", async (t) => {
  const server = await startServer(t);
  const uri = folder(t).uri("jiuzhang.yaml");
  server.open(uri, STUDY, "yaml");
  assert.deepEqual(await server.diagnostics(uri), []);
  const lines = STUDY.split("\n");
  const line = lines.findIndex((text) => text.includes("base: deepseek"));
  const start = (lines[line] as string).indexOf("deepseek-ai");
  const range = { start: { line, character: start }, end: { line, character: start + "deepseek-ai/deepseek-math-7b-rl".length } };
  server.edit(uri, range, "steps.teach");
  const [found, ...others] = await server.diagnostics(uri);
  assert.deepEqual(others, []);
  assert.deepEqual(found?.range, { start: range.start, end: { line, character: start + "steps.teach".length } });
  assert.match(String(found?.message), /steps\.teach gives rows, and “base” wants a model\. /);
  server.change(uri, `${STUDY}  again: { verb: verify, data: steps.agai }\n`);
  assert.match(String((await server.diagnostics(uri))[0]?.message), /There is no step “agai”\. Did you mean “steps\.again”\?/);
  server.change(uri, STUDY);
  assert.deepEqual(await server.diagnostics(uri), []);
});
