import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { JobFile, type SendSpec } from "#protocol/files/job.ts";
import { IndexLine, RequestLine } from "#protocol/files/shards.ts";
import { processIdentity } from "../hosts/process-identity.ts";
import { requestKey } from "../requests/request-key.ts";
import { createJob, type PlannedRequest } from "./create-job.ts";
import { jobsDirectory } from "./layout.ts";
import { readJob } from "./read-job.ts";

const root = mkdtempSync(join(tmpdir(), "jiuzhang-jobs-"));
after(() => rmSync(root, { recursive: true, force: true }));

const SPEC: SendSpec = {
  task: "send",
  dataset: "d",
  model_identity: "m@1",
  endpoint: { name: "e", base_url: "http://127.0.0.1:1/v1", model: "m" },
  concurrency: 4,
  stream: false,
  retries: 3,
  stall_seconds: 60,
};

function request(row: number): PlannedRequest {
  const body = { model: "m", prompt: `row ${row}` };
  const key = requestKey("m@1", body, 0);
  return {
    line: { custom_id: key, method: "POST", url: "/v1/completions", body },
    index: { custom_id: key, seed: null, template: { path: "t", sha256: "0".repeat(64) }, sample: 0, stage: null, format: null },
  };
}
const requests = (...rows: number[]) => rows.map(request);
const lines = (path: string) =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
const create = (name: string, rows: number[], spec: Partial<SendSpec> = {}) =>
  createJob({
    projectDir: join(root, name),
    spec: { ...SPEC, ...spec },
    requests: requests(...rows),
    templates: [{ sha256: "0".repeat(64), source: "x" }],
  });

test("a job directory explains itself: spec, requests, index line by line beside them, and its templates", async () => {
  const { dir, job, created, duplicates } = await create("plain", [1, 2, 3, 2, 3, 3]);
  assert.equal(created, true);
  assert.equal(duplicates, 3);
  assert.deepEqual(readJob(dir), JobFile.parse(job));
  assert.equal(job.id, `send-${job.key.slice(0, 12)}`);
  assert.equal(job.requests, 3);
  const stored = lines(join(dir, "in", "requests-00000.jsonl")).map((line) => RequestLine.parse(line));
  const index = lines(join(dir, "in", "index-00000.jsonl")).map((line) => IndexLine.parse(line));
  assert.deepEqual(
    stored.map((line) => line.custom_id),
    index.map((line) => line.custom_id),
  );
  assert.equal(readFileSync(join(dir, "in", "templates", `${"0".repeat(64)}.prompty`), "utf8"), "x");
  assert.deepEqual(readdirSync(dir).sort(), ["in", "job.json", "out"]);
});

test("the same requests are the same job; what only says how they are sent is taken over", async () => {
  const first = await create("same", [1, 2]);
  const again = await create("same", [1, 2]);
  assert.deepEqual([again.created, again.dir, again.job], [false, first.dir, first.job]);
  const moved = await create("same", [1, 2], {
    concurrency: 9,
    budget: 3,
    endpoint: { ...SPEC.endpoint, base_url: "http://127.0.0.1:2/v1" },
  });
  assert.equal(moved.dir, first.dir);
  assert.equal(moved.created, false);
  assert.equal(moved.job.owner, first.job.owner);
  assert.equal(moved.job.spec.concurrency, 9);
  assert.notEqual(moved.job.spec_sha256, first.job.spec_sha256);
  assert.deepEqual(readJob(first.dir), moved.job);
});

test("settings of a job that runs stay as they are", async () => {
  const { dir, job } = await create("running", [1]);
  writeFileSync(join(dir, "started.json"), JSON.stringify({ ...(await processIdentity()), started: new Date().toISOString() }));
  assert.deepEqual((await create("running", [1], { concurrency: 9 })).job, job);
});

test("other requests, another order, dataset or model are other jobs", async () => {
  const ids = [
    await create("other", [1, 2]),
    await create("other", [2, 1]),
    await create("other", [1]),
    await create("other", [1, 2], { dataset: "e" }),
    await create("other", [1, 2], { model_identity: "m@2" }),
  ].map(({ job }) => job.id);
  assert.equal(new Set(ids).size, ids.length);
});

test("many at once make one job: one of them made it", async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => create("many", [1, 2, 3])));
  assert.equal(new Set(made.map(({ dir }) => dir)).size, 1);
  assert.equal(made.filter(({ created }) => created).length, 1);
  assert.equal(readdirSync(jobsDirectory(join(root, "many"))).length, 1);
});

test("a plan that fails half-way leaves nothing", async () => {
  function* failing() {
    yield request(1);
    throw new Error("no more");
  }
  await assert.rejects(createJob({ projectDir: join(root, "failing"), spec: SPEC, requests: failing(), templates: [] }), /no more/);
  assert.deepEqual(readdirSync(jobsDirectory(join(root, "failing"))), []);
});

test("a directory that is somebody else's is not touched", async () => {
  const { dir, job } = await create("damaged", [1]);
  const corrupt = (error: unknown) => error instanceof AppError && error.problem.code === "job/corrupt";
  writeFileSync(join(dir, "job.json"), JSON.stringify({ ...job, key: "0".repeat(64) }));
  await assert.rejects(create("damaged", [1]), corrupt);
  writeFileSync(join(dir, "job.json"), "");
  await assert.rejects(create("damaged", [1]), corrupt);
  rmSync(join(dir, "job.json"));
  await assert.rejects(create("damaged", [1]), corrupt);
});

test("what a dead process began to build is removed, what a living one builds is not", async () => {
  const jobs = jobsDirectory(join(root, "leftovers"));
  const identity = await processIdentity();
  for (const [name, start] of [
    ["dead", "1"],
    ["alive", identity?.process_start],
  ]) {
    mkdirSync(join(jobs, `.new-${name}`), { recursive: true });
    writeFileSync(join(jobs, `.new-${name}`, "builder.json"), JSON.stringify({ ...identity, process_start: start }));
  }
  mkdirSync(join(jobs, ".new-fresh"));
  await create("leftovers", [1]);
  assert.deepEqual(
    readdirSync(jobs)
      .filter((name) => name.startsWith(".new-"))
      .sort(),
    [".new-alive", ".new-fresh"],
  );
});
