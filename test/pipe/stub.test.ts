import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createJob } from "../../server/src/jobs/create-job.ts";
import { responses, type Stub, scratch, send, sendFile, start, startStub, withoutStub } from "./harness.ts";
import { marked, specOf } from "./requests.ts";

const folder = scratch();
let stub: Stub;
before(async () => {
  if (withoutStub === false) stub = await startStub();
});
after(async () => {
  if (withoutStub === false) await stub.stop();
  folder.remove();
});

const job = (name: string, count: number, padding: number, concurrency: number) =>
  createJob({
    projectDir: join(folder.path, name),
    spec: specOf(stub.url, { concurrency }),
    requests: marked(count, padding),
    templates: [],
  });

test("10,000 requests of 6 kB pass through a heap that could not hold them, each paid once", { skip: withoutStub }, async () => {
  await stub.reset();
  const { dir } = await job("flat", 10_000, 6_000, 32);
  const { code, signal, stderr } = await start(["--max-old-space-size=48", sendFile(), dir]).ended;
  assert.equal(code, 0, `${signal} ${stderr.slice(-500)}`);
  const stats = await stub.stats();
  assert.equal(stats.rowsOk, 10_000);
  assert.equal(stats.paid, 10_000);
  assert.equal(stats.paidTwice, 0);
});

test("killed half-way, resumed: at most what was in flight is paid twice", { skip: withoutStub }, async () => {
  await stub.reset({ latencyMs: 10 });
  const { dir } = await job("killed", 600, 0, 16);
  const first = send(dir);
  while (((await stub.stats()).ok ?? 0) < 250) assert.equal(first.child.exitCode, null);
  first.child.kill("SIGKILL");
  await first.ended;
  assert.equal((await send(dir).ended).code, 0);
  const stats = await stub.stats();
  assert.equal(stats.rowsOk, 600);
  assert.ok((stats.paidTwice ?? 0) <= 16, `${stats.paidTwice} rows were paid twice`);
  assert.equal(new Set((await responses(dir)).map((line) => line.custom_id)).size, 600);
});

test("through 500s, 429s, resets and malformed answers every row is answered, and no wait is broken", { skip: withoutStub }, async () => {
  await stub.reset({ p500: 0.05, preset: 0.02, pmalformed: 0.01, p429: 0.004, retryAfter: 1 });
  const { dir } = await job("faults", 600, 0, 32);
  const { code, stderr } = await send(dir).ended;
  assert.equal(code, 0, stderr);
  const stats = await stub.stats();
  assert.equal(stats.rowsOk, 600);
  assert.equal(stats.extraOk, 0);
  assert.ok((stats.f500 ?? 0) > 0 && (stats.reset ?? 0) > 0 && (stats.malformed ?? 0) > 0 && (stats.f429 ?? 0) > 0);
  assert.equal(stats.retryAfterBroken, 0);
});
