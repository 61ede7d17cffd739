import assert from "node:assert/strict";
import { existsSync, readdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { terminate } from "../../server/src/hosts/here.ts";
import { isAlive, processIdentity } from "../../server/src/hosts/process-identity.ts";
import { jobState } from "../../server/src/jobs/state.ts";
import { createFaulty, type Faulty } from "./faulty.ts";
import { events, makeJob, responses, scratch, send, sendFile, start } from "./harness.ts";

const folder = scratch();
let server: Faulty;
before(async () => {
  server = await createFaulty();
});
after(async () => {
  await server.close();
  folder.remove();
});

const onlyPosix: string | false = process.platform === "win32" ? "Windows has no signals" : false;

test("SIGTERM lets answers arrive that are on their way, ends with 75, and the next run asks only the rest", {
  skip: onlyPosix,
}, async () => {
  const scope = server.scope(() => ({ kind: "answer", delay: 150 }));
  const { dir } = await makeJob(join(folder.path, "term"), scope.url, 12, { concurrency: 3 });
  const run = send(dir);
  await scope.reached(5);
  run.child.kill("SIGTERM");
  assert.equal((await run.ended).code, 75);
  assert.equal((await jobState(dir)).state, "stopped");
  assert.equal((await responses(dir)).length, scope.total());
  assert.ok(scope.total() < 12);
  assert.equal((await send(dir).ended).code, 0);
  assert.deepEqual(new Set(Object.values(scope.counts())), new Set([1]));
  assert.equal((await jobState(dir)).state, "succeeded");
});

test("SIGINT gives up what is in flight at once", { skip: onlyPosix }, async () => {
  let silent = true;
  const scope = server.scope(() => (silent ? { kind: "silent" } : { kind: "answer" }));
  const { dir } = await makeJob(join(folder.path, "int"), scope.url, 4, { concurrency: 2, stall_seconds: 600 });
  const run = send(dir);
  await scope.reached(2);
  run.child.kill("SIGINT");
  assert.equal((await run.ended).code, 75);
  assert.equal((await responses(dir)).length, 0);
  silent = false;
  assert.equal((await send(dir).ended).code, 0);
  assert.equal(scope.total(), 6);
});

test("a file asks a run to stop where there are no signals", async () => {
  const scope = server.scope(() => ({ kind: "silent" }));
  const { dir } = await makeJob(join(folder.path, "stop"), scope.url, 4, { stream: true, stall_seconds: 600 });
  const run = send(dir);
  await scope.reached(1);
  writeFileSync(join(dir, "stop"), "");
  assert.equal((await run.ended).code, 75);
});

test("a second run on a live directory is refused and touches nothing", async () => {
  const scope = server.scope(() => ({ kind: "silent" }));
  const { dir } = await makeJob(join(folder.path, "two"), scope.url, 2, { stall_seconds: 600 });
  const first = send(dir);
  await scope.reached(1);
  assert.equal((await jobState(dir)).state, "running");
  const files = readdirSync(dir);
  const second = await send(dir).ended;
  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(`Process ${first.child.pid} already runs this job`));
  assert.deepEqual(readdirSync(dir), files);
  assert.equal(events(dir).filter(({ event }) => event === "begin").length, 1);
  assert.equal((await jobState(dir)).state, "running");
  first.child.kill("SIGKILL");
  await first.ended;
  assert.equal((await jobState(dir)).state, "lost");
});

test("of many runs that start at once one sends, and every row is asked once", async () => {
  const scope = server.scope(() => ({ kind: "answer", delay: 20 }));
  const { dir } = await makeJob(join(folder.path, "many"), scope.url, 30);
  const codes = (await Promise.all(Array.from({ length: 5 }, () => send(dir).ended))).map(({ code }) => code);
  assert.ok(codes.includes(0), String(codes));
  assert.equal(scope.total(), 30);
  assert.equal((await responses(dir)).length, 30);
});

test("a started run survives its parent, with its output in files, and can be terminated by its pid", async () => {
  let open = false;
  const scope = server.scope(() => (open ? { kind: "answer" } : { kind: "silent" }));
  const { dir } = await makeJob(join(folder.path, "detached"), scope.url, 2, { stream: true, stall_seconds: 600 });
  const parent = fileURLToPath(new URL("spawn-program.ts", import.meta.url));
  const spawnOnce = async (): Promise<number> => {
    const { stdout, stderr, code } = await start([parent, sendFile(), dir]).ended;
    assert.equal(code, 0, stderr);
    return Number(stdout);
  };
  const pid = await spawnOnce();
  await scope.reached(2);
  const identity = await processIdentity(pid);
  assert.ok(identity !== null && (await isAlive(identity)) === true);
  assert.ok(existsSync(join(dir, "stderr.log")));
  assert.notEqual(await terminate(pid, 10_000), "gone");
  assert.equal(await isAlive(identity), false);
  assert.equal(await terminate(pid, 10), "gone");
  open = true;
  await spawnOnce();
  await appears(
    dir,
    "exit.json",
    () =>
      events(dir)
        .filter(({ event }) => event === "end")
        .at(-1)?.event === "end" && scope.total() === 4,
  );
  assert.equal((await jobState(dir)).state, "succeeded");
});

/** Resolves when a file of a directory is there and the condition holds. */
async function appears(dir: string, name: string, condition: () => boolean): Promise<void> {
  const there = () => existsSync(join(dir, name)) && condition();
  await new Promise<void>((resolve) => {
    const watcher = watch(dir, () => {
      if (!there()) return;
      watcher.close();
      resolve();
    });
    if (there()) {
      watcher.close();
      resolve();
    }
  });
}
