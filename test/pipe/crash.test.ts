import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { jobsDirectory } from "../../server/src/jobs/layout.ts";
import { jobState } from "../../server/src/jobs/state.ts";
import { createFaulty, type Faulty } from "./faulty.ts";
import { bundle, makeJob, responses, scratch, send, start } from "./harness.ts";

const ROWS = 3;
const folder = scratch();
let server: Faulty;
before(async () => {
  server = await createFaulty();
});
after(async () => {
  await server.close();
  folder.remove();
});

/** Runs with the counter at 1, 2, 3, … until a run passes; several at once, because each is a process of its own. */
async function everyCrashPoint(attempt: (at: number) => Promise<"crashed" | "passed">): Promise<number> {
  let next = 1;
  let passedAt = Number.POSITIVE_INFINITY;
  const worker = async () => {
    while (next < passedAt) {
      const at = next++;
      if ((await attempt(at)) === "passed") passedAt = Math.min(passedAt, at);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  return passedAt - 1;
}

test("send is killed at every step and resumed: every received answer is there once, only what was in flight is asked again", async () => {
  const points = await everyCrashPoint(async (at) => {
    const project = join(folder.path, `send-${at}`);
    const rows = server.scope();
    const { dir } = await makeJob(project, rows.url, ROWS, { concurrency: 1 });
    const first = await send(dir, { JIUZHANG_CRASH_AT: String(at) }).ended;
    if (first.signal !== "SIGKILL") {
      assert.equal(first.code, 0, first.stderr);
      assert.deepEqual(rows.counts(), { "0": 1, "1": 1, "2": 1 });
      return "passed";
    }
    const { state } = await jobState(dir);
    assert.ok(["lost", "queued", "succeeded"].includes(state), `${state} after ${first.stderr}`);
    const kept = existsSync(join(dir, "out")) ? (await wholeResponses(dir)).length : 0;
    const asked = rows.total();
    assert.ok(asked - kept <= 1, `more than the one in flight was lost after ${first.stderr}`);
    const second = await send(dir).ended;
    assert.equal(second.code, 0, `${first.stderr}${second.stderr}`);
    const lines = await responses(dir);
    assert.equal(lines.length, ROWS);
    assert.equal(new Set(lines.map((line) => line.custom_id)).size, ROWS);
    assert.equal(rows.total(), ROWS + (asked - kept), "only what had no answer is asked again");
    assert.equal((await jobState(dir)).state, "succeeded");
    return "crashed";
  });
  assert.ok(points > 20, `only ${points} steps were tried`);
});

/** Lines that count: whole ones, and a last one that only lacks its newline. */
async function wholeResponses(dir: string): Promise<unknown[]> {
  try {
    return await responses(dir);
  } catch {
    return [];
  }
}

test("createJob is killed at every step and run again: the job is there whole, and nothing else", async () => {
  const program = bundle("test/pipe/create-job-program.ts");
  const points = await everyCrashPoint(async (at) => {
    const project = join(folder.path, `create-${at}`);
    const first = await start([program, project], { JIUZHANG_CRASH_AT: String(at) }).ended;
    if (first.signal !== "SIGKILL") {
      assert.equal(first.code, 0, first.stderr);
      return "passed";
    }
    const second = await start([program, project]).ended;
    assert.equal(second.code, 0, second.stderr);
    const { dir, requests } = JSON.parse(second.stdout) as { dir: string; requests: number };
    assert.equal(requests, ROWS);
    assert.deepEqual(readdirSync(jobsDirectory(project)).length, 1, `leftovers after ${first.stderr}`);
    assert.ok(existsSync(join(dir, "in", "templates", `${"0".repeat(64)}.prompty`)));
    assert.equal((await jobState(dir)).state, "queued");
    return "crashed";
  });
  assert.ok(points > 8, `only ${points} steps were tried`);
});
