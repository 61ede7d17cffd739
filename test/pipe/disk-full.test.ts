import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { jobState } from "../../server/src/jobs/state.ts";
import { createFaulty, type Faulty } from "./faulty.ts";
import { errorsOf, makeJob, responses, scratch, send } from "./harness.ts";

const ROWS = 200;
const CONCURRENCY = 4;
const folder = scratch();
const disk = join(folder.path, "disk");
const notMounted = mountSmallDisk();
let server: Faulty;
before(async () => {
  server = await createFaulty();
});
after(async () => {
  await server.close();
  if (notMounted === false) execFileSync("umount", [disk]);
  folder.remove();
});

/** The reason why there is no small disk to fill, or false. */
function mountSmallDisk(): string | false {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root on Linux may mount a small disk";
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { stdio: "pipe" });
    return false;
  } catch (error) {
    return `a small disk cannot be mounted here: ${(error as Error).message.split("\n").at(-1)}`;
  }
}

test("a full disk stops the run in order; with space again it goes on and loses nothing", { skip: notMounted }, async () => {
  const scope = server.scope();
  const { dir } = await makeJob(disk, scope.url, ROWS, { concurrency: CONCURRENCY });
  const ballast = join(disk, "ballast");
  const { bavail, bsize } = statfsSync(disk);
  // Room for the run's own files and some forty responses.
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - 128 * 1024));
  const { code, stderr } = await send(dir).ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /disk is full/);
  assert.equal(errorsOf(dir)[0]?.code, "job/disk-full");
  assert.equal((await jobState(dir)).state, "failed");
  await checkAndResume(dir, scope, () => rmSync(ballast));
});

const noLimit: string | false = process.platform === "win32" ? "Windows has no limit on file sizes" : false;

test("a response file that may not grow is a full disk, too", { skip: noLimit }, async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "limited"), scope.url, ROWS, { concurrency: CONCURRENCY });
  // 64 KiB in blocks of 512 bytes; some shells count in KiB, then it is 128 KiB less a little.
  const { code, stderr } = await send(dir, {}, "ulimit -f 128").ended;
  if (code === 0) assert.fail("the limit was not reached");
  assert.equal(code, 1, stderr);
  assert.equal(errorsOf(dir)[0]?.code, "job/disk-full");
  await checkAndResume(dir, scope, () => {});
});

async function checkAndResume(dir: string, scope: { total(): number }, makeRoom: () => void): Promise<void> {
  const kept = (await responses(dir)).length;
  const asked = scope.total();
  assert.ok(kept > 0 && kept < ROWS, `${kept} responses were kept`);
  assert.ok(asked - kept <= CONCURRENCY, `${asked - kept} answers were lost`);
  const text = readFileSync(join(dir, "out", "responses-00000.jsonl"), "utf8");
  assert.ok(text.endsWith("\n"), "nothing is torn");
  makeRoom();
  assert.equal((await send(dir).ended).code, 0);
  assert.equal(scope.total(), asked + ROWS - kept);
  assert.equal(new Set((await responses(dir)).map((line) => line.custom_id)).size, ROWS);
}
