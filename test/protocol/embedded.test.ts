import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { ExitFile, JobFile } from "#protocol/files/job.ts";
import type { ResponseLine } from "#protocol/files/shards.ts";
import type { GenerateEvent } from "#protocol/messages/generate.ts";
import { TEMPLATE } from "../cli/harness.ts";
import { prepareEngine } from "../engine/prepared.ts";
import { type Folder, folder, problemOf, type ServerProcess, startServer } from "./harness.ts";

const prepared = await prepareEngine();
const skip = typeof prepared === "string" ? prepared : process.platform === "linux" ? false : "the engine's process is found through /proc";

const SHORT = TEMPLATE.replace("inputs:", "model:\n  options: { maxOutputTokens: 24 }\ninputs:");
const SELECTION = { from: "text", text: "Every even number is twice another number.", uri: "untitled:Untitled-1", line: 1 } as const;

/** The engine processes that the server has started. */
function enginesOf(server: ServerProcess): number[] {
  return globSync("/proc/[0-9]*/stat").flatMap((file) => {
    try {
      const stat = readFileSync(file, "utf8");
      const [, state, parent] = /\) (\S) (\d+)/.exec(stat) ?? [];
      const engine = readFileSync(join(file, "..", "cmdline"), "utf8").includes("engine");
      return Number(parent) === server.child.pid && state !== "Z" && engine ? [Number.parseInt(stat, 10)] : [];
    } catch {
      // It has just ended.
      return [];
    }
  });
}

async function gone(pid: number): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await wait(20))
    try {
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) return;
    } catch {
      return;
    }
  assert.fail(`process ${pid} still lives`);
}

function stage(t: TestContext): Folder {
  return folder(t, { "t.prompty": SHORT });
}

let runs = 0;

function run(server: ServerProcess, at: Folder, count: number, signal?: AbortSignal) {
  const name = `run-${++runs}`;
  const answer = server.request(
    "generate/run",
    {
      project: at.project,
      run: name,
      template: at.uri("t.prompty"),
      seeds: SELECTION,
      count,
      endpoint: null,
      dataset: "scratch",
      budget: null,
    },
    signal,
  );
  const events = (): GenerateEvent[] =>
    server.notifications.flatMap((sent) =>
      sent.name === "generate/event" && "run" in sent.params && sent.params.run === name ? [sent.params.event] : [],
    );
  return { answer, events, name };
}

const env = { JIUZHANG_ENGINE_THREADS: "1" };

test("the embedded model streams, stays loaded for the next click, and ends with the server", { skip, timeout: 180_000 }, async (t) => {
  const at = stage(t);
  const server = await startServer(t, { env });
  const first = run(server, at, 2);
  const done = await first.answer;
  assert.equal(done.rows, 2);
  assert.ok(first.events().some((event) => event.type === "preparing" && /embedded model/.test(event.stage)));
  const responses = globSync(".jiuzhang/jobs/*/out/responses-*.jsonl", { cwd: at.path })
    .flatMap((file) => readFileSync(join(at.path, file), "utf8").trim().split("\n"))
    .map((line) => JSON.parse(line) as ResponseLine);
  for (const { custom_id: key, response } of responses) {
    const [choice] = (response?.body.choices ?? []) as { message: { content: string } }[];
    const text = first.events().reduce((all, event) => (event.type === "delta" && event.key === key ? all + event.text : all), "");
    assert.equal(text, choice?.message.content);
    assert.ok(first.events().filter((event) => event.type === "delta" && event.key === key).length > 1, "it came in one piece");
  }
  const [engine, ...others] = enginesOf(server);
  assert.ok(engine !== undefined);
  assert.deepEqual(others, []);
  const second = run(server, at, 1);
  await second.answer;
  assert.deepEqual(enginesOf(server), [engine], "the model was loaded again");
  assert.ok(!second.events().some(({ type }) => type === "preparing"));
  assert.equal(await server.stop(), 0);
  await gone(engine);
});

test("cancelled in the middle of its answer, it is ready for the next one", { skip, timeout: 180_000 }, async (t) => {
  const at = stage(t);
  const server = await startServer(t, { env });
  const cancel = new AbortController();
  const first = run(server, at, 1, cancel.signal);
  const cancelled = problemOf(first.answer);
  await server.seen("generate/event", ({ run: of, event }) => of === first.name && event.type === "delta");
  cancel.abort();
  assert.equal((await cancelled).code, "cancelled");
  const [engine] = enginesOf(server);
  assert.equal((await run(server, at, 1).answer).rows, 1);
  assert.deepEqual(enginesOf(server), [engine]);
});

test("a server that is killed takes the engine with it", { skip, timeout: 180_000 }, async (t) => {
  const at = stage(t);
  const server = await startServer(t, { env });
  const first = run(server, at, 1);
  first.answer.catch(() => {});
  await server.seen("generate/event", ({ event }) => event.type === "delta");
  const [engine] = enginesOf(server);
  assert.ok(engine !== undefined);
  server.child.kill("SIGKILL");
  await gone(engine);
});

test("a large run loads the model in its own process, and the idle one is let go before", { skip, timeout: 300_000 }, async (t) => {
  const at = stage(t);
  const server = await startServer(t, { env });
  await run(server, at, 1).answer;
  const [engine] = enginesOf(server);
  assert.ok(engine !== undefined);
  const large = run(server, at, 9);
  await server.seen("generate/event", ({ run: of, event }) => of === large.name && event.type === "plan" && !event.streams);
  await gone(engine);
  assert.equal((await large.answer).rows, 9);
  const jobs = globSync(".jiuzhang/jobs/*/job.json", { cwd: at.path }).map((file) => join(at.path, file, ".."));
  const detached = jobs.find((dir) => (JSON.parse(readFileSync(join(dir, "job.json"), "utf8")) as JobFile).requests === 9);
  assert.equal((JSON.parse(readFileSync(join(detached ?? "", "exit.json"), "utf8")) as ExitFile).code, 0);
});
