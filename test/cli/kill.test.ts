import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type CannedServer, startCannedServer } from "./canned-server.ts";
import { cli, generateArgs, readText, scratch } from "./harness.ts";

const folder = scratch();
let server: CannedServer;
before(async () => {
  server = await startCannedServer();
});
after(async () => {
  await server.stop();
  folder.remove();
});

const COUNT = 3;
const CONCURRENCY = 2;

/** Kills the program at its Nth crash point (and every process and thread that it starts at theirs), then runs it again. */
async function killedAt(step: number): Promise<boolean> {
  const cwd = folder.project(`step-${step}`, COUNT);
  const before = new Map(server.answered);
  const args = generateArgs(server.url, COUNT, "--concurrency", String(CONCURRENCY));
  const first = await cli(args, { cwd, env: { JIUZHANG_CRASH_AT: String(step) } });
  const again = await cli(args, { cwd });
  assert.equal(again.code, 0, `step ${step}: ${first.stderr}\n${again.stderr}`);
  const asked = [...server.answered].map(([key, times]) => times - (before.get(key) ?? 0)).filter((times) => times > 0);
  assert.equal(asked.length, COUNT, `step ${step}`);
  assert.ok(asked.reduce((sum, times) => sum + times - 1, 0) <= CONCURRENCY, `step ${step}: more than what was in flight was asked again`);

  const rows = (await cli(["--json", "list", "made"], { cwd })).objects();
  assert.equal(new Set(rows.map(({ id }) => id)).size, COUNT, `step ${step}: every answer is there once`);
  assert.equal(rows.length, COUNT, `step ${step}`);
  await cli(["export", "made", "--to", "live.jsonl"], { cwd });
  await cli(["rebuild"], { cwd });
  await cli(["export", "made", "--to", "rebuilt.jsonl"], { cwd });
  assert.equal(readText(join(cwd, "rebuilt.jsonl")), readText(join(cwd, "live.jsonl")), `step ${step}: the rebuilt index differs`);
  rmSync(cwd, { recursive: true, force: true, maxRetries: 10 });
  return first.code === 0;
}

test("killed at every step of generate → ingest, then resumed: nothing lost, nothing twice, and the index can be rebuilt equal", async (t) => {
  let step = 1;
  while (!(await killedAt(step))) {
    step++;
    assert.ok(step < 200, "the program never gets through");
  }
  t.diagnostic(`${step - 1} steps`);
  assert.ok(step > 10, "the crash points were not passed at all");
});
