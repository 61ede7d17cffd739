import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Row, Walk } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import type { ExitFile, StartedFile } from "#protocol/files/job.ts";
import type { GenerateEvent } from "#protocol/messages/generate.ts";
import type { Params } from "#protocol/messages.ts";
import { cli, startCli, TEMPLATE } from "../cli/harness.ts";
import { type Folder, folder, problemOf, type ServerProcess, startServer } from "./harness.ts";
import { answer, answerTo, begin, finish, KEY, type ModelServer, piecesOf, questionOf, startModel } from "./model-server.ts";

const SEEDS = Array.from({ length: 6 }, (_, at) => ({
  id: `seed-${at}`,
  text: `Passage ${at} about the first ${at + 3} integers.`,
  license: "CC0-1.0",
}));

const recipe = (url: string, more = "") => `endpoints:\n  teacher: { base_url: "${url}", model: big${more} }\n`;

interface Stage {
  model: ModelServer;
  at: Folder;
  server: ServerProcess;
  run(
    more?: Partial<Params<"generate/run">>,
    signal?: AbortSignal,
  ): ReturnType<ServerProcess["request"]> extends Promise<unknown> ? Promise<Done> : never;
  /** Events of a run, in order. */
  events(run?: string): GenerateEvent[];
}

type Done = Awaited<ReturnType<typeof generate>>;
const generate = (server: ServerProcess, params: Params<"generate/run">, signal?: AbortSignal) =>
  server.request("generate/run", params, signal);

/** A project with six seeds, a template and a model server that its recipe names. */
async function stage(
  t: TestContext,
  { more = "", key, secrets }: { more?: string; key?: string; secrets?: Record<string, string> } = {},
): Promise<Stage> {
  const model = await startModel(t, key === undefined ? {} : { key });
  const at = folder(t, {
    "jiuzhang.yaml": recipe(model.url, more),
    "t.prompty": TEMPLATE,
    "data/seeds.jsonl": `${SEEDS.map((seed) => JSON.stringify(seed)).join("\n")}\n`,
  });
  const imported = await cli(["import", "data/seeds.jsonl", "--dataset", "seeds"], { cwd: at.path });
  assert.equal(imported.code, 0, imported.stderr);
  return { model, at, ...(await serve(t, at, secrets === undefined ? {} : { secrets })) };
}

let runs = 0;

async function serve(
  t: TestContext,
  at: Folder,
  options: Parameters<typeof startServer>[1] = {},
): Promise<Pick<Stage, "server" | "run" | "events">> {
  const server = await startServer(t, options);
  let last = "";
  return {
    server,
    run(more = {}, signal) {
      last = more.run ?? `run-${++runs}`;
      const params = {
        project: at.project,
        template: at.uri("t.prompty"),
        seeds: { from: "dataset", dataset: "seeds" },
        count: 1,
      } as const;
      return generate(server, { ...params, endpoint: null, dataset: "scratch", budget: null, ...more, run: last }, signal);
    },
    events: (run = last) =>
      server.notifications.flatMap(({ name, params }) =>
        name === "generate/event" && "run" in params && params.run === run ? [params.event] : [],
      ),
  };
}

const ofType = <T extends GenerateEvent["type"]>(events: readonly GenerateEvent[], type: T) =>
  events.filter((event): event is GenerateEvent & { type: T } => event.type === type);

/** What was streamed for each request in its last attempt. */
function streamed(events: readonly GenerateEvent[]): Map<string, string> {
  const texts = new Map<string, { attempt: number; text: string }>();
  for (const { key, attempt, text } of ofType(events, "delta")) {
    const before = texts.get(key);
    texts.set(key, { attempt, text: before?.attempt === attempt ? before.text + text : text });
  }
  return new Map([...texts].map(([key, { text }]) => [key, text]));
}

const jobsOf = (at: Folder): string[] =>
  globSync("*/job.json", { cwd: join(at.path, ".jiuzhang", "jobs") }).map((file) => join(at.path, ".jiuzhang", "jobs", file, ".."));
const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, "utf8")) as T;
const seen = (server: ServerProcess, run: (event: GenerateEvent) => boolean) => server.seen("generate/event", ({ event }) => run(event));

/** Rows of a dataset as the terminal lists them, or a row with everything behind it. */
const rowsOf = async (at: Folder, dataset: string) =>
  (await cli(["--json", "list", dataset], { cwd: at.path })).objects() as unknown as Row[];
const walkOf = async (at: Folder, id: string) => (await cli(["--json", "show", id], { cwd: at.path })).objects()[0] as unknown as Walk;

test("the text of each answer streams, and its pieces are the answer; rows come with their verdicts", async (t) => {
  const { model, run, events, server } = await stage(t);
  const done = await run({ count: 3 });
  assert.deepEqual([done.requests, done.reused, done.rows, done.parsed, done.accepted], [3, 0, 3, 3, 3]);
  const [plan] = ofType(events(), "plan");
  assert.deepEqual([plan?.asking, plan?.endpoint, plan?.model, plan?.streams], [3, "teacher", "big", true]);
  assert.deepEqual([...streamed(events()).values()].sort(), model.questions.map(answerTo).sort());
  const rows = ofType(events(), "row");
  assert.deepEqual(new Set(rows.map(({ key }) => key)), new Set(streamed(events()).keys()));
  assert.deepEqual(rows.map(({ seed }) => seed).sort(), ["seed-0", "seed-1", "seed-2"]);
  assert.ok(rows.every(({ row }) => row.accepted && row.dataset === "scratch" && row.verdicts.length === 4));
  assert.deepEqual(
    ofType(events(), "delta")
      .map(({ seed }) => seed)
      .filter((seed) => seed === null),
    [],
  );
  await server.seen("corpus/changed", ({ datasets }) => datasets?.includes("scratch") === true);
});

test("each click asks for another sample, of the seed that was chosen, from the text as it stands in the editor", async (t) => {
  const scene = await stage(t);
  const { at, server, model, run, events } = scene;
  const seed = (await rowsOf(at, "seeds")).find(({ text }) => text?.startsWith("Passage 2"));
  assert.ok(seed);
  server.open(at.uri("t.prompty"), TEMPLATE.replace("Write a problem", "Invent a riddle"));
  const seeds = { from: "row", dataset: "seeds", id: seed.id } as const;
  for (const _ of [1, 2, 3]) assert.equal((await run({ seeds })).rows, 1);
  assert.equal(new Set(model.questions.map(questionOf)).size, 3);
  for (const { body } of model.questions) assert.match(JSON.stringify(body), /Invent a riddle from this text:.*Passage 2 about/);
  const [row] = ofType(events(), "row");
  const walk = await walkOf(at, row?.row.id ?? "");
  assert.equal(walk.template?.path, "t.prompty");
  assert.match(readFileSync(join(at.path, walk.template?.snapshot ?? ""), "utf8"), /Invent a riddle/);
  assert.equal(walk.seed?.id, seed.id);
});

test("two clicks at the same moment ask for two samples, each once", async (t) => {
  const { model, run } = await stage(t);
  const both = await Promise.all([run({ run: "one" }), run({ run: "two" })]);
  assert.deepEqual(
    both.map(({ rows, requests }) => [rows, requests]),
    [
      [1, 1],
      [1, 1],
    ],
  );
  assert.notEqual(both[0]?.job, both[1]?.job);
  assert.deepEqual([...model.answered.values()], [1, 1]);
});

test("the terminal asks the same requests: what the editor asked is not asked again", async (t) => {
  const { at, model, run } = await stage(t);
  await run({ count: 2 });
  const args = ["--json", "generate", "--template", "t.prompty", "--seeds", "data/seeds.jsonl", "--count", "3", "--dataset", "scratch"];
  // The terminal names the same texts by the dataset that it imports them into.
  const told = await cli(args, { cwd: at.path });
  assert.equal(told.code, 0, told.stderr);
  assert.equal(model.questions.length, 3);
  assert.ok([...model.answered.values()].every((times) => times === 1));
});

test("a selection becomes a seed that remembers its document and lines; an untitled template has a name", async (t) => {
  const { at, server, run, events } = await stage(t);
  const notes = at.put("notes/week 1.md", "# Week 1\n\nA prime has two divisors.\nEven primes: 2.\n");
  server.open("untitled:Untitled-1", TEMPLATE);
  const text = "A prime has two divisors.\nEven primes: 2.";
  await run({ template: "untitled:Untitled-1", seeds: { from: "text", text, uri: at.uri("notes/week 1.md"), line: 3 } });
  assert.ok(existsSync(notes));
  const [row] = ofType(events(), "row");
  assert.equal(row?.seed, "notes/week 1.md:3");
  const walk = await walkOf(at, row?.row.id ?? "");
  assert.deepEqual(
    [walk.seed?.dataset, walk.seed?.text, walk.seed?.source.file, walk.seed?.source.line],
    ["selections", text, "notes/week 1.md", 3],
  );
  assert.equal(walk.seed?.source.extra.end_line, 4);
  assert.equal(walk.template?.path, "untitled/Untitled-1.prompty");
  const empty = await problemOf(run({ seeds: { from: "text", text: " \n\t", uri: at.uri("notes/week 1.md"), line: 2 } }));
  assert.match(empty.message, /selection has no text/);
  assert.deepEqual(globSync(".jiuzhang/selection-*", { cwd: at.path }), []);
});

test("a template that needs no seed is asked without one", async (t) => {
  const { server, run, events, model } = await stage(t);
  server.open("untitled:Untitled-2", "---\nname: plain\n---\nuser:\nInvent a problem.\n");
  await run({ template: "untitled:Untitled-2", seeds: { from: "none" }, count: 2 });
  assert.equal(model.questions.length, 2);
  assert.deepEqual(
    ofType(events(), "row").map(({ seed }) => seed),
    [null, null],
  );
});

test("cancelled midway: what was received is kept and told, and the next click asks only the rest", async (t) => {
  const { at, model, server, run, events } = await stage(t);
  const open: ServerResponse[] = [];
  let first = true;
  const behave = model.behave;
  model.behave = (response, request) => {
    if (first) {
      first = false;
      behave(response, request);
      return;
    }
    begin(response, piecesOf(answerTo(request)).slice(0, 3));
    open.push(response);
  };
  const cancel = new AbortController();
  const running = problemOf(run({ count: 3 }, cancel.signal));
  await seen(server, ({ type }) => type === "row");
  await model.arrived(3);
  cancel.abort();
  const problem = await running;
  assert.equal(problem.code, "cancelled");
  assert.deepEqual([problem.data?.rows, problem.data?.requests], [1, 3]);
  assert.equal(ofType(events(), "row").length, 1);
  const [job] = jobsOf(at);
  assert.equal(readJson<ExitFile>(join(job ?? "", "exit.json")).code, 75);
  model.behave = behave;
  const again = await run({ count: 2 });
  assert.equal(again.rows, 2);
  assert.ok([...model.answered.values()].every((times) => times === 1));
  assert.equal(model.answered.size, 3);
});

test("the endpoint dies in the middle of an answer: the text stays, a warning says so, the problem what to do, and the rest can be asked", async (t) => {
  const { at, model, run, events } = await stage(t);
  model.behave = (response, request) => {
    begin(response, piecesOf(answerTo(request)).slice(0, 4));
    setImmediate(() => response.socket?.resetAndDestroy());
  };
  const problem = await problemOf(run());
  assert.equal(problem.code, "job/failed");
  assert.match(problem.remedy ?? "", /[Gg]enerate again/);
  assert.doesNotMatch(`${problem.message} ${problem.remedy}`, /same command|--/);
  const deltas = ofType(events(), "delta");
  assert.deepEqual([...new Set(deltas.map(({ attempt }) => attempt))], [1, 2, 3]);
  const [question] = model.questions;
  assert.ok(question !== undefined && answerTo(question).startsWith([...streamed(events()).values()][0] ?? "nothing"));
  assert.ok(ofType(events(), "warning").some(({ problem }) => /broke|middle|asked again/.test(problem.message)));
  model.behave = (response, request) => answer(response, request);
  const again = await run();
  assert.deepEqual([again.rows, again.job], [1, problem.data?.job as string]);
  assert.equal(new Set(model.questions.map(questionOf)).size, 1);
  assert.equal((await rowsOf(at, "scratch")).length, 1);
});

test("nobody listens at the address: the problem says so and what to check", async (t) => {
  const { model, run } = await stage(t);
  await model.close();
  const problem = await problemOf(run());
  assert.match(problem.message, /cannot be reached: nothing listens/);
  assert.match(problem.remedy ?? "", /base_url/);
});

/** Every file under a project's data folder, the log, and the command lines of processes. */
function everywhere(at: Folder, server: ServerProcess): string {
  const files = globSync("**/*", { cwd: join(at.path, ".jiuzhang"), withFileTypes: true }).filter((entry) => entry.isFile());
  const lines = existsSync("/proc") ? globSync("/proc/[0-9]*/cmdline").map((file) => tryRead(file)) : [];
  return [
    ...files.map((file) => readFileSync(join(file.parentPath, file.name), "latin1")),
    ...server.log,
    JSON.stringify(server.notifications),
    ...lines,
  ].join("\n");
}

function tryRead(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    // The process has just ended.
    return "";
  }
}

test("a key from the editor's storage opens the endpoint and stands in no file, log, event or command line", async (t) => {
  const scene = await stage(t, { key: KEY, more: ", api_key: { secret: house }", secrets: { house: KEY } });
  const { at, server, run, model } = scene;
  const open: ServerResponse[] = [];
  const behave = model.behave;
  assert.equal((await run()).rows, 1);
  // While a detached job runs its command line can be looked at, too.
  model.behave = (response, request) => {
    behave(response, request);
    open.push(response);
  };
  const large = run({ count: 20 });
  await model.arrived(5);
  assert.ok(!everywhere(at, server).includes(KEY));
  assert.equal((await large).rows, 20);
  assert.deepEqual(new Set(server.asked), new Set([`house for ${new URL(model.url).origin}`]));
  assert.ok(!everywhere(at, server).includes(KEY));
});

test("a wrong key, and one that nobody has set", async (t) => {
  const wrong = await stage(t, { key: KEY, more: ", api_key: { secret: house }", secrets: { house: "not-the-key-9876543210" } });
  const refused = await problemOf(wrong.run());
  assert.equal(refused.code, "model/wrong-key");
  assert.ok(!everywhere(wrong.at, wrong.server).includes("not-the-key-9876543210"));
  assert.ok(!JSON.stringify(refused).includes("not-the-key-9876543210"));
  const missing = await stage(t, { key: KEY, more: ", api_key: { secret: house }" });
  const problem = await problemOf(missing.run());
  assert.equal(problem.code, "model/missing-key");
  assert.match(problem.remedy ?? "", /Set API Key/);
  assert.deepEqual([problem.data?.endpoint, problem.data?.secret], ["teacher", "house"]);
  assert.equal(missing.model.questions.length, 0);
});

test("two windows and a terminal on one project ask no request twice, and each has its rows", async (t) => {
  const first = await stage(t);
  const { at, model } = first;
  const second = await serve(t, at);
  const args = ["--json", "generate", "--template", "t.prompty", "--seeds", "data/seeds.jsonl", "--count", "4", "--dataset", "scratch"];
  const [one, two, terminal] = await Promise.all([first.run({ count: 3 }), second.run({ count: 3 }), cli(args, { cwd: at.path })]);
  assert.equal(terminal.code, 0, terminal.stderr);
  assert.deepEqual([one.rows, two.rows], [3, 3]);
  assert.ok(
    [...model.answered.values()].every((times) => times === 1),
    JSON.stringify([...model.answered]),
  );
  assert.equal(model.questions.length, model.answered.size);
  assert.equal((await rowsOf(at, "scratch")).length, model.answered.size);
});

test("a terminal follows what a window is asking, and its rows are in the window's index", async (t) => {
  const { at, model, run } = await stage(t);
  const open: (() => void)[] = [];
  model.behave = (response, request) => {
    begin(response, piecesOf(answerTo(request)).slice(0, 2));
    open.push(() => {
      begin(response, piecesOf(answerTo(request)).slice(2));
      finish(response);
    });
  };
  const window = run({ count: 2 });
  await model.arrived(2);
  const args = ["--json", "generate", "--template", "t.prompty", "--seeds", "data/seeds.jsonl", "--count", "2", "--dataset", "scratch"];
  const terminal = startCli(args, { cwd: at.path });
  await new Promise<void>((resolve) => terminal.child.stdout?.on("data", (chunk) => /"type":"plan"/.test(String(chunk)) && resolve()));
  for (const end of open) end();
  const [done, told] = await Promise.all([window, terminal.ended]);
  assert.equal(done.rows, 2);
  assert.equal(told.code, 0, told.stderr);
  assert.equal(model.questions.length, 2);
});

test("killed in the middle: what had come is taken in by the next window, and nothing is paid twice", async (t) => {
  const { at, model, server, run } = await stage(t);
  let answers = 0;
  const behave = model.behave;
  model.behave = (response, request) => {
    if (answers++ < 2) return behave(response, request);
    begin(response, piecesOf(answerTo(request)).slice(0, 5));
  };
  // Nobody answers it: the process that would is killed.
  run({ count: 4 }).catch(() => {});
  await seen(server, (event) => event.type === "progress" && event.done === 2);
  await model.arrived(4);
  server.child.kill("SIGKILL");
  const [job] = jobsOf(at);
  assert.equal(readJson<StartedFile>(join(job ?? "", "started.json")).shared, true);
  model.behave = behave;
  const next = await serve(t, at);
  assert.equal((await rowsOf(at, "scratch")).length, 2);
  const done = await next.run({ count: 2 });
  assert.equal(done.rows, 2);
  assert.ok([...model.answered.values()].every((times) => times === 1));
  assert.equal(model.answered.size, 4);
});

test("a large run outlives the editor; the next window says that it runs, follows it, and can stop it", async (t) => {
  const { at, model, server, run } = await stage(t);
  const held: (() => void)[] = [];
  const behave = model.behave;
  let answers = 0;
  model.behave = (response, request) => {
    const give = () => behave(response, request);
    if (answers++ < 4) give();
    else held.push(give);
  };
  void run({ count: 40 }).catch(() => {});
  const { event: plan } = await seen(server, ({ type }) => type === "plan");
  assert.ok(plan.type === "plan" && !plan.streams);
  await model.arrived(8);
  server.child.kill("SIGKILL");
  const next = await serve(t, at);
  const { jobs } = await next.server.request("generate/running", { project: at.project });
  assert.deepEqual(
    jobs.map(({ job, dataset, total, endpoint }) => [job, dataset, total, endpoint]),
    [[plan.job, "scratch", 40, "teacher"]],
  );
  const before = (await rowsOf(at, "scratch")).length;
  model.behave = behave;
  for (const give of held.splice(0, 6)) give();
  // Nobody asked for it: the server follows by itself.
  await next.server.seen("corpus/changed", ({ datasets }) => datasets?.includes("scratch") === true);
  assert.ok((await rowsOf(at, "scratch")).length > before);
  const stopped = await next.server.request("generate/stop", { project: at.project, job: plan.job });
  assert.deepEqual(stopped, { stopped: true });
  assert.deepEqual(await next.server.request("generate/running", { project: at.project }), { jobs: [] });
  assert.equal(readJson<ExitFile>(join(jobsOf(at)[0] ?? "", "exit.json")).code, 75);
});

test("a job of one window is stopped from another, and the first window's server lives", async (t) => {
  const { at, model, server, run } = await stage(t);
  model.behave = (response, request) => begin(response, piecesOf(answerTo(request)).slice(0, 2));
  const running = problemOf(run());
  await model.arrived(1);
  const other = await serve(t, at);
  const { jobs } = await other.server.request("generate/running", { project: at.project });
  assert.equal(jobs.length, 1);
  assert.deepEqual(await other.server.request("generate/stop", { project: at.project, job: jobs[0]?.job ?? "" }), { stopped: true });
  assert.equal((await running).code, "cancelled");
  assert.equal((await server.request("server/health", {})).pid, server.child.pid);
});

test("a server that is told to end stops what it asks in order", async (t) => {
  const { at, model, server, run } = await stage(t);
  model.behave = (response, request) => begin(response, piecesOf(answerTo(request)).slice(0, 2));
  const running = run().catch((thrown) => thrown);
  await model.arrived(1);
  assert.equal(await server.stop(), 0);
  await running;
  assert.equal(readJson<ExitFile>(join(jobsOf(at)[0] ?? "", "exit.json")).code, 75);
});

test("what cannot be done is refused before anything is asked", async (t) => {
  const scene = await stage(t);
  const { at, run, model, server } = scene;
  at.put("strict.prompty", TEMPLATE.replace("kind: string", "kind: string\n    required: true"));
  const cases: [Partial<Params<"generate/run">>, Problem["code"], RegExp][] = [
    [{ dataset: "seeds" }, "usage/invalid-argument", /dataset of seeds/],
    [{ endpoint: "nobody" }, "project/unknown-endpoint", /no endpoint “nobody”/],
    [{ budget: 1 }, "usage/invalid-argument", /budget needs the price/],
    [{ seeds: { from: "none" }, template: at.uri("strict.prompty") }, "template/missing-input", /text/],
    [{ seeds: { from: "dataset", dataset: "nothing" } }, "usage/not-found", /no dataset “nothing”/],
    [{ seeds: { from: "row", dataset: "seeds", id: "0".repeat(24) } }, "usage/not-found", /no longer in/],
    [{ template: at.uri("gone.prompty") }, "template/unreadable", /cannot be read/],
    [{ template: "untitled:Untitled-9" }, "template/unreadable", /not open/],
    [{ dataset: "no/such name" }, "usage/invalid-argument", /cannot be the name/],
  ];
  for (const [more, code, words] of cases) {
    const problem = await problemOf(run(more));
    assert.equal(problem.code, code, problem.message);
    assert.match(problem.message, words);
    assert.doesNotMatch(problem.remedy ?? "", /--\w/);
  }
  server.open(at.uri("t.prompty"), "user:\n{{ text");
  assert.equal((await problemOf(run())).code, "template/invalid");
  assert.equal(model.questions.length, 0);
  assert.deepEqual(jobsOf(at), []);
});

test("a budget stops the sending before it is exceeded, and the price is counted", async (t) => {
  const { run, model } = await stage(t, { more: ", price: { prompt: 1, completion: 1000 }" });
  const done = await run({ count: 2, budget: 100 });
  assert.equal(done.cost, (2 * (100 + 40 * 1000)) / 1e6);
  const problem = await problemOf(run({ count: 3, budget: 0.001 }));
  assert.match(problem.message, /spent 0 of 0.001/);
  assert.equal(model.questions.length, 2);
});

test("an untrusted workspace asks nobody", async (t) => {
  const { at, model } = await stage(t);
  const untrusted = await serve(t, at, { trusted: false });
  const problem = await problemOf(untrusted.run());
  assert.equal(problem.code, "project/untrusted");
  assert.equal(model.questions.length, 0);
  assert.deepEqual(jobsOf(at), []);
  untrusted.server.trust();
  assert.equal((await untrusted.run()).rows, 1);
});
