import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { JOB } from "./layout.ts";
import { abandonDirectory, ownDirectory } from "./own-directory.ts";
import { jobState } from "./state.ts";

const root = mkdtempSync(join(tmpdir(), "jiuzhang-own-"));
after(() => rmSync(root, { recursive: true, force: true }));
const directory = () => mkdtempSync(join(root, "job-"));

test("a directory has one owner, who says whether signals are for the job", async () => {
  const dir = directory();
  const owned = await ownDirectory(dir, { shared: true });
  assert.equal(JSON.parse(readFileSync(join(dir, JOB.started), "utf8")).shared, true);
  await assert.rejects(ownDirectory(dir), (thrown) => thrown instanceof AppError && thrown.problem.code === "job/busy");
  owned.end(75, null);
  assert.equal((await jobState(dir)).state, "stopped");
  await ownDirectory(dir);
  assert.equal(JSON.parse(readFileSync(join(dir, JOB.started), "utf8")).shared, undefined);
});

test("what a dead part of this process owned is free again, and its end is known to be unknown", async () => {
  const dir = directory();
  await ownDirectory(dir, { shared: true });
  assert.equal((await jobState(dir)).state, "running", "the process lives, so its job seems to");
  await abandonDirectory(dir);
  const { state, exit } = await jobState(dir);
  assert.equal(state, "failed");
  assert.ok(exit !== null && exit !== "unreadable" && exit.code === null);
  const next = await ownDirectory(dir);
  next.end(0, null);
  const before = readFileSync(join(dir, JOB.exit), "utf8");
  await abandonDirectory(dir);
  assert.equal(readFileSync(join(dir, JOB.exit), "utf8"), before, "one that let go itself is left alone");
  await abandonDirectory(directory());
});
