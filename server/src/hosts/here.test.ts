import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { spawnDetached, terminate } from "./here.ts";
import { isAlive, processIdentity } from "./process-identity.ts";

const directory = mkdtempSync(join(tmpdir(), "jiuzhang-hosts-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const run = (program: string) => spawnDetached({ command: process.execPath, args: ["-e", program], directory });

test("a process is itself, and nobody else under its pid", async () => {
  const me = await processIdentity();
  assert.ok(me !== null);
  assert.equal(me.pid, process.pid);
  assert.equal(await isAlive(me), true);
  assert.deepEqual(await processIdentity(), me);
  if (me.process_start !== "") assert.equal(await isAlive({ ...me, process_start: "1" }), false);
  if (me.boot_id !== "") assert.equal(await isAlive({ ...me, boot_id: "1" }), false);
  assert.equal(await isAlive({ ...me, host: "another" }), "unknown");
  assert.equal(await isAlive({ ...me, process_start: "", boot_id: "" }), true);
  assert.equal(await processIdentity(2 ** 22 + 12345), null);
});

test("output goes to files, which later runs append to", async () => {
  for (const word of ["one", "two"]) {
    const { exited } = await run(`console.log(${JSON.stringify(word)}); console.error("err"); process.exitCode = 3`);
    assert.deepEqual(await exited, { code: 3, signal: null });
  }
  assert.equal(readFileSync(join(directory, "stdout.log"), "utf8"), "one\ntwo\n");
  assert.equal(readFileSync(join(directory, "stderr.log"), "utf8"), "err\nerr\n");
});

test("a program that is not there is an error", async () => {
  await assert.rejects(
    spawnDetached({ command: join(directory, "no-such-program"), args: [], directory }),
    (error) => error instanceof AppError && error.problem.code === "io/failed" && /no-such-program/.test(error.problem.message),
  );
});

test("who does not stop when asked is killed", { skip: process.platform === "win32" && "Windows only kills" }, async () => {
  const stubborn = await run('process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000)');
  while (!readFileSync(join(directory, "stdout.log"), "utf8").includes("deaf")) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await terminate(stubborn.pid, 50), "killed");
  assert.equal((await stubborn.exited).signal, "SIGKILL");
  assert.equal(await terminate(stubborn.pid, 50), "gone");
  const polite = await run("setInterval(() => {}, 1000)");
  assert.equal(await terminate(polite.pid, 10_000), "stopped");
});
