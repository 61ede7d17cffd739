import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Row } from "#protocol/corpus.ts";
import { workerPython } from "../../scripts/worker-env.ts";
import { seedLine } from "../../server/src/corpus/seed-line.ts";
import { walk } from "../../server/src/corpus/walk.ts";
import { ingestJob } from "../../server/src/ingest/ingest-job.ts";
import { answeredKeys } from "../../server/src/jobs/answered.ts";
import { createJob } from "../../server/src/jobs/create-job.ts";
import { parseTemplate } from "../../server/src/prompty/template.ts";
import { type BuiltRequest, buildRequest } from "../../server/src/synthesis/build-request.ts";
import { contextOf, rowsOf, scratch } from "../corpus/harness.ts";
import { specOf } from "../pipe/requests.ts";
import { readTemplate } from "../templates/shipped.ts";

/** The seam between both sides: requests that the pipe makes, answered by the worker, taken into the index. */
const root = join(import.meta.dirname, "..", "..");
const found = workerPython(console.log);
const skip = "missing" in found ? found.missing : false;
const python = "python" in found ? found.python : "";
const env = {
  ...process.env,
  PYTHONPATH: [join(root, "server", "worker"), join(root, "test", "worker")].join(process.platform === "win32" ? ";" : ":"),
  PYTHONDONTWRITEBYTECODE: "1",
  HF_HUB_OFFLINE: "1",
  OMP_NUM_THREADS: "1",
};
const SEEDS = ["A gardener plants 6 rows of 9 tulips.", "The sum of the first n odd numbers is n squared.", "word ".repeat(600)];

const ruleOf = (source: string) => {
  const { parse } = parseTemplate(source).profile;
  assert.ok(parse !== null);
  return parse;
};

/** A job directory with one request per template and seed, as a run of the editor or the terminal makes it. */
async function makeJob(project: string, templates: string[], seeds: string[], maxTokens: number) {
  const sources = new Map(templates.map((path) => [path, readTemplate(path)]));
  const sha = (source: string) => createHash("sha256").update(source).digest("hex");
  const requests: BuiltRequest[] = [...sources].flatMap(([path, source]) =>
    seeds.map((text, at) =>
      buildRequest({
        template: parseTemplate(source),
        templatePath: `prompts/${path}.prompty`,
        templateSha256: sha(source),
        seed: { id: `s${at}`, dataset: "seeds", text },
        modelName: "writer",
        modelIdentity: "test/writer@1",
        sampling: { maxTokens, seed: 7 },
        sample: 0,
        maxTokensField: "auto",
      }),
    ),
  );
  const { dir } = await createJob({
    projectDir: project,
    spec: specOf("http://127.0.0.1:9/v1", { dataset: "made", model_identity: "test/writer@1" }),
    requests,
    templates: [...sources.values()].map((source) => ({ sha256: sha(source), source })),
  });
  return { dir, requests };
}

/** Runs the task on a job directory; asynchronous, because the server that it asks may be this process. */
async function synthesize(dir: string, spec: object): Promise<void> {
  writeFileSync(join(dir, "spec.json"), JSON.stringify({ task: "synthesize", requests: "in/requests-*.jsonl", ...spec }));
  const argv = ["-m", "jiuzhang_worker", "synthesize", "--spec", join(dir, "spec.json"), "--out", join(dir, "out")];
  const child = spawn(python, [...argv, "--events", join(dir, "events.jsonl")], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => {
    said += data;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 0, said);
}

const verdict = (row: Row, check: string) => row.verdicts.find((one) => one.check === check);

test("what the worker's own engine answers is taken in whole, errors and all", { skip }, async () => {
  const project = scratch();
  const model = join(project, "model");
  const made = spawnSync(python, ["-c", "import sys, pathlib, tiny; tiny.save_tiny_model(pathlib.Path(sys.argv[1]))", model], { env });
  assert.equal(made.status, 0, String(made.stderr));
  const { dir, requests } = await makeJob(project, ["base/grade"], SEEDS, 20);
  await synthesize(dir, { engine: "transformers", model: { path: model }, context: 3_000 });
  assert.equal((await answeredKeys(dir)).size, requests.length);
  const context = contextOf(project);
  const report = await ingestJob(context, dir, ruleOf);
  assert.deepEqual(report.problems, []);
  assert.equal(report.rows, requests.length);
  const rows = rowsOf(context.sql, "made");
  const lines = readFileSync(join(dir, "out", "responses-00000.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  const usage = new Map(lines.map((line) => JSON.parse(line)).map((line) => [line.custom_id, line.response?.body.usage]));
  for (const { key, index } of requests) {
    const walked = await Promise.all(rows.map((row) => walk(context, row.id, { rule: ruleOf, seedLine })));
    const own = walked.find((one) => one.request?.key === key);
    assert.ok(own !== undefined, index.seed?.id);
    const long = index.seed?.id === "s2";
    if (long) assert.match(verdict(own.row, "parse")?.reason ?? "", /context is 3,000 tokens/);
    else assert.equal(own.row.tokens, usage.get(key).completion_tokens);
  }
  context.sql.close();
});

test("what a server answers through the worker becomes problems", { skip }, async () => {
  const bodies: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (data) => {
      text += data;
    });
    request.on("end", () => {
      bodies.push(JSON.parse(text));
      const content = `## Problem\nHow many tulips are in ${bodies.length} rows of 9?\n\n## Solution\nThere are $\\boxed{${9 * bodies.length}}$.`;
      const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }];
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "chat.completion", choices, usage: { prompt_tokens: 40, completion_tokens: 30 } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const project = scratch();
    const { dir, requests } = await makeJob(project, ["nl/grade"], SEEDS.slice(0, 2), 400);
    await synthesize(dir, { engine: "server", base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, concurrency: 1 });
    assert.deepEqual(
      bodies,
      requests.map(({ line }) => line.body),
    );
    const context = contextOf(project);
    const report = await ingestJob(context, dir, ruleOf);
    assert.deepEqual(report.problems, []);
    const rows = rowsOf(context.sql, "made");
    assert.deepEqual(
      rows.map(({ text, answer, tokens, stage }) => ({ text, answer, tokens, stage })),
      [1, 2].map((n) => ({ text: `How many tulips are in ${n} rows of 9?`, answer: String(9 * n), tokens: 30, stage: "grade" })),
    );
    context.sql.close();
  } finally {
    server.close();
  }
});
