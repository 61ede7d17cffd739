import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createSample } from "./sample.ts";

const shipped = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const from = { sample: shipped("media/sample"), prompts: shipped("prompts") };

function folder(t: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), "jz-sample-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, "sample");
}

test("what tools left in a folder keeps the sample out of it as little as nothing does, and stays", async (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, ".git"), { recursive: true });
  mkdirSync(join(dir, ".jiuzhang"));
  writeFileSync(join(dir, ".git", "HEAD"), "ref: refs/heads/main\n");
  assert.equal(await createSample(dir, from), true);
  assert.ok(existsSync(join(dir, "jiuzhang.yaml")) && existsSync(join(dir, "prompts", "base", "grade.prompty")));
  assert.equal(readFileSync(join(dir, ".git", "HEAD"), "utf8"), "ref: refs/heads/main\n");
  assert.ok(!readdirSync(dir).some((name) => name.startsWith(".new-")));
});

test("somebody's own file keeps it out, and a project is left as it is", async (t) => {
  const dir = folder(t);
  mkdirSync(dir);
  writeFileSync(join(dir, "thesis.tex"), "");
  await assert.rejects(createSample(dir, from), /not empty/);
  assert.deepEqual(readdirSync(dir), ["thesis.tex"]);
  writeFileSync(join(dir, "jiuzhang.yaml"), "endpoints: {}\n");
  assert.equal(await createSample(dir, from), false);
  assert.equal(readFileSync(join(dir, "jiuzhang.yaml"), "utf8"), "endpoints: {}\n");
});
