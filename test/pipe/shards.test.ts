import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { EventLine } from "#protocol/files/events.ts";
import { ManifestFile } from "#protocol/files/job.ts";
import { answeredKeys, missing } from "../../server/src/jobs/answered.ts";
import { writeSkip } from "../../server/src/jobs/create-job.ts";
import { jobState } from "../../server/src/jobs/state.ts";
import { createFaulty, type Faulty } from "./faulty.ts";
import { errorsOf, events, makeJob, responses, scratch, send, warningsOf } from "./harness.ts";
import { keyOf } from "./requests.ts";

const folder = scratch();
let server: Faulty;
before(async () => {
  server = await createFaulty();
});
after(async () => {
  await server.close();
  folder.remove();
});

const lineOf = (row: number): string =>
  JSON.stringify({ custom_id: keyOf(row), response: { status_code: 200, request_id: null, body: { choices: [] } }, error: null });
const shard = (dir: string, number = 0): string => join(dir, "out", `responses-0000${number}.jsonl`);

test("a run writes what the contract says, and a second run asks nothing", async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "plain"), scope.url, 20);
  assert.equal((await jobState(dir)).state, "queued");
  assert.equal((await send(dir).ended).code, 0);
  assert.equal((await jobState(dir)).state, "succeeded");
  for (const event of events(dir)) EventLine.parse(event);
  assert.deepEqual(
    events(dir)
      .map(({ event }) => event)
      .filter((event) => event !== "progress"),
    ["begin", "end"],
  );
  const manifest = ManifestFile.parse(JSON.parse(readFileSync(join(dir, "out", "manifest.json"), "utf8")));
  assert.equal(manifest.files[0]?.rows, 20);
  assert.equal((await send(dir).ended).code, 0);
  assert.equal(scope.total(), 20);
});

test("a torn last line is cut off and its request asked again", async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "torn"), scope.url, 3);
  writeFileSync(shard(dir), `${lineOf(0)}\n${lineOf(1).slice(0, 100)}`);
  assert.equal((await answeredKeys(dir)).size, 1);
  assert.equal((await send(dir).ended).code, 0);
  assert.deepEqual(scope.counts(), { "1": 1, "2": 1 });
  assert.equal((await responses(dir)).length, 3);
});

test("a last line that only lacks its newline is kept: it was received and paid for", async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "whole"), scope.url, 3);
  writeFileSync(shard(dir), `${lineOf(0)}\n${lineOf(1)}`);
  assert.equal((await send(dir).ended).code, 0);
  assert.deepEqual(scope.counts(), { "2": 1 });
  assert.equal((await responses(dir)).length, 3);
});

test("a zero-byte response file and a missing out folder are no answers", async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "zero"), scope.url, 2);
  writeFileSync(shard(dir), "");
  const other = await makeJob(join(folder.path, "no-out"), scope.url, 2);
  rmSync(join(other.dir, "out"), { recursive: true });
  assert.equal((await send(other.dir).ended).code, 0);
  assert.equal((await send(dir).ended).code, 0);
  assert.equal((await responses(dir)).length, 2);
});

test("repeated, foreign and unreadable lines are reported with their places, stay where they are, and count for nothing", async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "foreign"), scope.url, 3);
  const foreign = lineOf(0).replace(keyOf(0), "f".repeat(64));
  writeFileSync(shard(dir), `${lineOf(0)}\n${lineOf(0)}\n${foreign}\nnot json\n${lineOf(1).slice(0, 90)}\n`);
  assert.equal((await send(dir).ended).code, 0);
  assert.deepEqual(scope.counts(), { "1": 1, "2": 1 });
  const warnings = warningsOf(dir);
  assert.deepEqual(new Set(warnings.map(({ code }) => code)), new Set(["job/foreign-line", "job/torn-line"]));
  assert.ok(warnings.some(({ data }) => data?.line === 2 && String(data.file).endsWith("responses-00000.jsonl")));
  assert.ok(readFileSync(shard(dir), "utf8").includes("not json"));
  const left: string[] = [];
  for await (const { line } of missing(dir)) left.push(line.custom_id);
  assert.deepEqual(left, []);
});

test("responses go on in the last shard, and behind a packed one", async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "rolled"), scope.url, 4);
  writeFileSync(shard(dir, 0), `${lineOf(0)}\n`);
  writeFileSync(`${shard(dir, 1)}.gz`, gzipSync(`${lineOf(1)}\n`));
  assert.equal((await send(dir).ended).code, 0);
  assert.deepEqual(scope.counts(), { "2": 1, "3": 1 });
  assert.equal(readFileSync(shard(dir, 2), "utf8").split("\n").length - 1, 2);
});

test("keys of the skip list are not asked", async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "skip"), scope.url, 4);
  await writeSkip(dir, [keyOf(1), keyOf(3), "0".repeat(64)]);
  assert.equal((await send(dir).ended).code, 0);
  assert.deepEqual(scope.counts(), { "0": 1, "2": 1 });
  assert.equal((await jobState(dir)).state, "succeeded");
});

test("a damaged request shard stops the job before anything is sent", async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "damaged"), scope.url, 3);
  const requests = join(dir, "in", "requests-00000.jsonl");
  const text = readFileSync(requests, "utf8");
  writeFileSync(requests, text.slice(0, -40));
  assert.equal((await send(dir).ended).code, 1);
  assert.equal(errorsOf(dir)[0]?.code, "job/corrupt");
  writeFileSync(requests, text.split("\n").slice(0, 2).join("\n").concat("\n"));
  assert.equal((await send(dir).ended).code, 1);
  assert.match(errorsOf(dir)[1]?.message ?? "", /2 of 3/);
  assert.equal(scope.total(), 0);
});

test("a torn last event is cut off before the next run writes its own", async () => {
  const scope = server.scope();
  const { dir } = await makeJob(join(folder.path, "events"), scope.url, 1);
  writeFileSync(join(dir, "events.jsonl"), `${JSON.stringify({ event: "begin", at: "x", task: "send" })}\n`);
  appendFileSync(join(dir, "events.jsonl"), '{"event":"progr');
  assert.equal((await send(dir).ended).code, 0);
  assert.equal(events(dir).filter(({ event }) => event === "begin").length, 2);
});

test("what is no job directory is told so, and nothing is written there", async () => {
  const dir = join(folder.path, "none");
  mkdirSync(dir);
  const none = await send(dir).ended;
  assert.equal(none.code, 1);
  assert.match(none.stderr, /job\.json: This is no job directory/);
  writeFileSync(join(dir, "job.json"), "{}");
  assert.match((await send(dir).ended).stderr, /cannot be read \(version/);
});
