import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { processIdentity } from "../hosts/process-identity.ts";
import { type Lock, tryLock } from "./lock.ts";
import { withProjectLock } from "./project-lock.ts";

const root = mkdtempSync(join(tmpdir(), "jiuzhang-lock-"));
after(() => rmSync(root, { recursive: true, force: true }));

async function taken(directory: string): Promise<Lock> {
  const attempt = await tryLock(directory, "run");
  if (!("lock" in attempt)) assert.fail(`held by ${attempt.heldBy.pid}`);
  return attempt.lock;
}
const me = await processIdentity();
const write = (directory: string, name: string, more: object) =>
  writeFileSync(join(directory, name), JSON.stringify({ ...me, token: "x", released: false, ...more }));

test("one holds it, and who does is told; after the release the next one does", async () => {
  const directory = join(root, "one");
  const first = await taken(directory);
  const second = await tryLock(directory, "run");
  assert.ok("heldBy" in second);
  assert.deepEqual([second.heldBy.pid, second.foreign, second.file], [process.pid, false, join(directory, "run.1.lock")]);
  first.release();
  (await taken(directory)).release();
  assert.deepEqual(readdirSync(directory), ["run.2.lock"]);
});

test("locks of other names do not matter", async () => {
  const directory = join(root, "names");
  await taken(directory);
  assert.ok("lock" in (await tryLock(directory, "plan")));
  assert.ok("lock" in (await tryLock(directory, "ru")));
});

test("a dead owner's lock is taken over, and its litter removed", {
  skip: me?.process_start === "" && "start times are not told here",
}, async () => {
  const directory = join(root, "dead");
  await taken(directory);
  rmSync(join(directory, "run.1.lock"));
  write(directory, "run.7.lock", { process_start: "1" });
  write(directory, "run.6.lock", { host: "another" });
  writeFileSync(join(directory, ".lock-abc.tmp"), "");
  await taken(directory);
  assert.deepEqual(readdirSync(directory), ["run.8.lock"]);
});

test("an owner on another machine, and one before this boot, are told apart", async () => {
  const directory = join(root, "foreign");
  (await taken(directory)).release();
  write(directory, "run.2.lock", { host: "another" });
  const attempt = await tryLock(directory, "run");
  assert.ok("heldBy" in attempt && attempt.foreign);
  if (me?.boot_id === "") return;
  write(directory, "run.3.lock", { boot_id: "an earlier start" });
  await taken(directory);
});

test("a damaged lock file has no owner", async () => {
  const directory = join(root, "damaged");
  (await taken(directory)).release();
  writeFileSync(join(directory, "run.2.lock"), "");
  (await taken(directory)).release();
  writeFileSync(join(directory, "run.4.lock"), "{");
  await taken(directory);
});

test("of many at once exactly one holds it", async () => {
  const attempts = await Promise.all(Array.from({ length: 20 }, () => tryLock(join(root, "many"), "run")));
  assert.equal(attempts.filter((attempt) => "lock" in attempt).length, 1);
});

test("planning waits its turn: no two overlap, and an error lets the next one in", async () => {
  const project = join(root, "project");
  let inside = 0;
  let most = 0;
  const plan = (fails: boolean) =>
    withProjectLock(project, async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      if (fails) throw new Error("planned failure");
      return 7;
    });
  const results = await Promise.allSettled([plan(false), plan(true), plan(false), plan(true), plan(false)]);
  assert.equal(most, 1);
  assert.deepEqual(
    results.map((one) => (one.status === "fulfilled" ? one.value : one.reason.message)),
    [7, "planned failure", 7, "planned failure", 7],
  );
});

test("who does not get in is told the file and what to do", async () => {
  const project = join(root, "busy");
  await withProjectLock(project, () => {});
  write(join(project, ".jiuzhang"), "plan.2.lock", { host: "another" });
  await assert.rejects(
    withProjectLock(project, () => {}, { patience: 30 }),
    (error) =>
      error instanceof AppError &&
      error.problem.code === "project/busy" &&
      error.problem.where?.file === join(project, ".jiuzhang", "plan.2.lock") &&
      /delete this file/.test(error.problem.remedy ?? ""),
  );
});
