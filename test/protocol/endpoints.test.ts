import assert from "node:assert/strict";
import { chmodSync, existsSync, globSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import type { NewEndpoint } from "#protocol/messages/endpoints.ts";
import { error, json, text } from "../endpoints/faulty-server.ts";
import { prepareEngine } from "../engine/prepared.ts";
import { folder, problemOf, startServer } from "./harness.ts";
import { KEY, startModel } from "./model-server.ts";

const given = (more: Partial<NewEndpoint> = {}): { given: NewEndpoint } => ({
  given: { name: "new", base_url: null, model: "big", embedded: false, secret: null, ...more },
});

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const RECIPE = `# ours
endpoints:

  small: { embedded: true }   # comes with the program

  # The one that costs money.
  teacher:
    base_url: https://example.invalid/v1
    model: gpt-4o
    api_key: { secret: house }
    price: { prompt: 2.5, completion: 10 }
  lab: { base_url: "http://127.0.0.1:9/v1", model: m, api_key: { env: LAB_KEY } }
`;

test("the recipe's endpoints are told with their lines, keys and prices, and none of the keys' values", async (t) => {
  const { path, project, put } = folder(t, { "jiuzhang.yaml": RECIPE });
  const server = await startServer(t, {
    secrets: { house: KEY },
    storage: join(path, "storage"),
    env: { JIUZHANG_CACHE: join(path, "cache") },
  });
  const list = await server.request("endpoints/list", { project });
  assert.deepEqual(
    list.endpoints.map(({ name, embedded, line, installed, key, price }) => [name, embedded, line, installed, key, price]),
    [
      ["small", true, 4, false, null, null],
      ["teacher", false, 7, null, { name: "house", kind: "secret", present: true }, { prompt: 2.5, completion: 10 }],
      ["lab", false, 12, null, { name: "LAB_KEY", kind: "env", present: false }, null],
    ],
  );
  assert.equal(list.file, join(path, "jiuzhang.yaml"));
  assert.ok(!JSON.stringify(list).includes(KEY));
  assert.deepEqual(server.asked, [], "a list needs to know that a key is there, and not which");
  put("jiuzhang.yaml", "endpoints:\n  a: { base_url: 1, model: m }\n  b: { embedded: true }\n");
  const broken = await server.request("endpoints/list", { project });
  assert.deepEqual(
    broken.endpoints.map(({ name }) => name),
    ["b"],
  );
  assert.deepEqual(
    broken.problems.map(({ where }) => where?.line),
    [2],
  );
  const nothing = folder(t);
  for (const from of [nothing.project, null])
    assert.deepEqual(
      (await server.request("endpoints/list", { project: from })).endpoints.map(({ name, embedded, line }) => [name, embedded, line]),
      [["embedded", true, null]],
    );
});

test("a good endpoint answers, and lists its models", async (t) => {
  const model = await startModel(t, { key: KEY });
  const { project } = folder(t, {
    "jiuzhang.yaml": `endpoints:\n  teacher: { base_url: "${model.url}", model: big, api_key: { secret: house } }\n`,
  });
  const server = await startServer(t, { secrets: { house: KEY } });
  for (const endpoint of [{ declared: "teacher" }, given({ base_url: model.url.replace("/v1", ""), secret: "house" })]) {
    const { models, answer, problem } = await server.request("endpoints/test", { project, endpoint });
    assert.deepEqual([models, problem], [["big", "small"], null]);
    assert.match(answer?.text ?? "", /gardener/);
    assert.equal(answer?.tokens, 40);
  }
  const listed = await server.request("endpoints/test", { project, endpoint: { declared: "teacher" }, ask: false });
  assert.deepEqual(listed, { models: ["big", "small"], answer: null, problem: null });
  assert.equal(model.questions.length, 2);
  const bodies = model.questions.map(({ body }) => body);
  assert.deepEqual(new Set(bodies.map(({ max_tokens }) => max_tokens)), new Set([8]));
  assert.ok(!server.log.join("\n").includes(KEY));
});

test("a key that the user does not give to a server is not sent, and said so", async (t) => {
  const model = await startModel(t, { key: KEY });
  const { origin } = new URL(model.url);
  const { project } = folder(t, {
    "jiuzhang.yaml": `endpoints:\n  teacher: { base_url: "${model.url}", model: big, api_key: { secret: house } }\n`,
  });
  const server = await startServer(t, { secrets: { house: KEY }, refuse: origin });
  const problem = await problemOf(server.request("endpoints/test", { project, endpoint: { declared: "teacher" } }));
  assert.equal(problem.code, "model/missing-key");
  assert.equal(problem.message, `The key “house” was not given to ${origin}`);
  assert.match(problem.remedy ?? "", /a key of its own/);
  assert.equal(model.questions.length, 0);
  assert.deepEqual(server.asked, [`house for ${origin}`]);
});

test("each fault has its name and its remedy", async (t) => {
  const { project } = folder(t);
  const model = await startModel(t, { key: KEY });
  const open = await startModel(t);
  const server = await startServer(t, { secrets: { right: KEY, wrong: "wrong-0123456789abcdef" } });
  const ask = (more: Partial<NewEndpoint>) => server.request("endpoints/test", { project, endpoint: given(more) });
  const page = await startModel(t);
  page.behave = text(200, "<html>Welcome</html>");
  open.behave = error(404, "The model `tiny` does not exist", { code: "model_not_found" });

  const cases: [Partial<NewEndpoint>, string, RegExp][] = [
    [{ base_url: model.url, secret: "wrong" }, "model/wrong-key", /[Cc]heck the key/],
    [{ base_url: model.url }, "model/missing-key", /API Key/],
    [{ base_url: model.url, secret: "unset" }, "model/missing-key", /API Key/],
    [{ base_url: open.url, model: "tiny" }, "model/not-found", /name/],
    [{ base_url: `http://127.0.0.1:${await deadPort()}/v1` }, "model/unreachable", /base_url/],
    [{ base_url: page.url }, "model/not-json", /web page/],
  ];
  for (const [more, code, remedy] of cases) {
    const { problem, answer } = await ask(more);
    assert.equal(problem?.code, code, JSON.stringify([more, problem]));
    assert.match(problem?.remedy ?? "", remedy);
    assert.equal(answer, null);
    assert.ok(!JSON.stringify(problem).includes("wrong-0123456789abcdef"));
  }
  // The models that are there instead come along.
  assert.deepEqual((await ask({ base_url: open.url, model: "tiny" })).models, ["big", "small"]);
  open.behave = json(200, { unexpected: true });
  assert.equal((await ask({ base_url: open.url })).problem?.code, "model/empty");
  const typed = await problemOf(ask({ base_url: "localhost:8000" }));
  assert.match(typed.message, /“base_url” must be/);
});

test("a test that takes long is cancelled", async (t) => {
  const { project } = folder(t);
  const model = await startModel(t);
  model.behave = () => {};
  const server = await startServer(t);
  const cancel = new AbortController();
  const asking = problemOf(server.request("endpoints/test", { project, endpoint: given({ base_url: model.url }) }, cancel.signal));
  await model.arrived(1);
  cancel.abort();
  assert.equal((await asking).code, "cancelled");
  await model.questions[0]?.cut;
});

test("a new endpoint is written below the others, read again, and refused where the name is taken", async (t) => {
  const { path, project, put } = folder(t, { "jiuzhang.yaml": RECIPE });
  const server = await startServer(t);
  const file = join(path, "jiuzhang.yaml");
  const add = (more: Partial<NewEndpoint> = {}) =>
    server.request("endpoints/add", { project, endpoint: given({ base_url: "http://127.0.0.1:8000/v1", ...more }).given });
  const added = await add({ secret: "box" });
  assert.deepEqual(added, { file, line: 13, edit: null });
  const text = readFileSync(file, "utf8");
  assert.equal(text, `${RECIPE}  new:\n    base_url: http://127.0.0.1:8000/v1\n    model: big\n    api_key: { secret: box }\n`);
  const taken = await problemOf(add());
  assert.deepEqual([taken.code, taken.where?.line], ["usage/invalid-argument", 13]);
  assert.equal(readFileSync(file, "utf8"), text);
  assert.deepEqual(globSync("*.tmp", { cwd: path }), []);
  put("jiuzhang.yaml", "endpoints: {\n");
  assert.equal((await problemOf(add())).code, "project/invalid-yaml");
  assert.equal(readFileSync(file, "utf8"), "endpoints: {\n");

  const fresh = folder(t);
  await server.request("endpoints/add", { project: fresh.project, endpoint: given({ embedded: true, model: null }).given });
  assert.match(readFileSync(join(fresh.path, "jiuzhang.yaml"), "utf8"), /^# .*\nendpoints:\n {2}new: \{ embedded: true \}\n$/);

  const shared = folder(t, { "shared.yaml": "endpoints:\n" });
  symlinkSync(join(shared.path, "shared.yaml"), join(shared.path, "jiuzhang.yaml"));
  const recipe = join(shared.path, "jiuzhang.yaml");
  chmodSync(recipe, 0o600);
  await server.request("endpoints/add", { project: shared.project, endpoint: given({ embedded: true, model: null }).given });
  if (process.platform !== "win32") assert.equal(statSync(recipe).mode & 0o777, 0o600, "who may read it stays");
  assert.ok(lstatSync(join(shared.path, "jiuzhang.yaml")).isSymbolicLink());
  assert.match(readFileSync(join(shared.path, "shared.yaml"), "utf8"), /new:/);
});

test("where the recipe is open in the editor nothing is written: the edit comes back, for the text as it stands there", async (t) => {
  const { path, project, uri } = folder(t, { "jiuzhang.yaml": RECIPE });
  const server = await startServer(t);
  const unsaved = `# not saved yet\n${RECIPE}`;
  server.open(uri("jiuzhang.yaml"), RECIPE, "yaml");
  server.change(uri("jiuzhang.yaml"), unsaved);
  const { edit, line } = await server.request("endpoints/add", { project, endpoint: given({ base_url: "http://127.0.0.1:1/v1" }).given });
  assert.equal(readFileSync(join(path, "jiuzhang.yaml"), "utf8"), RECIPE);
  assert.ok(edit !== null);
  assert.deepEqual([edit.uri, edit.version, line], [uri("jiuzhang.yaml"), 2, 14]);
  const text = unsaved.slice(0, edit.start) + edit.text + unsaved.slice(edit.end);
  assert.match(text.split("\n")[13] ?? "", /^ {2}new:$/);
});

test("what is wrong in a recipe stands at its line, while it is typed", async (t) => {
  const { uri } = folder(t);
  const server = await startServer(t);
  server.open(uri("jiuzhang.yaml"), "endpoints:\n  a: { base_url: nowhere, model: m }\n  b: { embeded: true }\n", "yaml");
  const found = await server.diagnostics(uri("jiuzhang.yaml"));
  assert.deepEqual(
    found.map(({ range, code }) => [range.start.line, code]),
    [
      [1, "project/invalid-yaml"],
      [2, "project/invalid-yaml"],
      [2, "project/invalid-yaml"],
      [2, "project/invalid-yaml"],
    ].slice(0, found.length),
  );
  assert.ok(found.length >= 2);
  server.change(uri("jiuzhang.yaml"), "endpoints:\n  b: { embedded: true }\n");
  assert.deepEqual(await server.diagnostics(uri("jiuzhang.yaml")), []);
  server.open(uri("other.yaml"), "endpoints: [", "yaml");
  server.change(uri("jiuzhang.yaml"), "endpoints: [\n");
  assert.equal((await server.diagnostics(uri("jiuzhang.yaml"))).length > 0, true);
});

test("an untrusted workspace looks for no server, asks none and installs nothing", async (t) => {
  const { project, path } = folder(t);
  const model = await startModel(t);
  const server = await startServer(t, { trusted: false, storage: join(path, "storage"), env: { JIUZHANG_CACHE: join(path, "cache") } });
  const refused = [
    server.request("endpoints/discover", {}),
    server.request("endpoints/test", { project, endpoint: given({ base_url: model.url }) }),
    server.request("engine/install", { progress: "p" }),
  ];
  for (const request of refused) assert.equal((await problemOf(request)).code, "project/untrusted");
  assert.equal(model.questions.length, 0);
  assert.ok(!existsSync(join(path, "storage")));
});

/** A folder to put before PATH, with programs that do what the scripts say. */
function programs(t: TestContext, scripts: Record<string, string>): string {
  const { path } = folder(t);
  mkdirSync(join(path, "bin"));
  for (const [name, script] of Object.entries(scripts)) writeFileSync(join(path, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return join(path, "bin");
}

const withoutShell = process.platform === "win32" ? "the programs that stand in are shell scripts" : false;

test("without npm, without pip: said before anything is fetched, with a way on", { skip: withoutShell }, async (t) => {
  const { path, project } = folder(t);
  const home = { storage: join(path, "storage") };
  const cache = { JIUZHANG_CACHE: join(path, "cache"), npm_execpath: "" };
  const bare = await startServer(t, { ...home, env: { ...cache, PATH: programs(t, {}) } });
  const status = await bare.request("engine/status", {});
  assert.deepEqual([status.installed, status.problem?.code], [false, "engine/install-failed"]);
  assert.match(status.problem?.remedy ?? "", /Node\.js.*endpoint/);
  const failed = await problemOf(bare.request("engine/install", { progress: "p" }));
  assert.equal(failed.code, "engine/install-failed");
  assert.doesNotMatch(failed.remedy ?? "", /--/);
  const npm = "exit 1";
  const pipless = await startServer(t, { ...home, env: { ...cache, PATH: programs(t, { npm }) } });
  assert.equal((await pipless.request("engine/status", {})).problem?.code, "engine/model-missing");
  const asked = await problemOf(
    pipless.request("generate/run", {
      project,
      run: "r",
      template: "untitled:Untitled-1",
      seeds: { from: "none" },
      count: 1,
      endpoint: null,
      dataset: "d",
      budget: null,
    }),
  );
  assert.equal(asked.code, "template/unreadable");
});

test("an installation that is cancelled ends npm and leaves nothing", { skip: withoutShell }, async (t) => {
  const { path } = folder(t);
  const npm = `touch "${join(path, "begun")}"; exec sleep 600`;
  const env = {
    JIUZHANG_CACHE: join(path, "cache"),
    npm_execpath: "",
    PATH: `${programs(t, { npm })}${delimiter}/bin${delimiter}/usr/bin`,
  };
  const server = await startServer(t, { storage: join(path, "storage"), env });
  const cancel = new AbortController();
  const installing = problemOf(server.request("engine/install", { progress: "p" }, cancel.signal));
  await server.seen(
    "progress",
    ({ token, progress }) => token === "p" && progress.stage === "Installing the engine" && existsSync(join(path, "begun")),
  );
  cancel.abort();
  assert.equal((await installing).code, "cancelled");
  assert.deepEqual(globSync("engine-*", { cwd: join(path, "storage") }), []);
});

const prepared = await prepareEngine();
const skip = typeof prepared === "string" ? prepared : false;

test("the embedded model is installed into the extension's storage with its bytes told, and answers", { skip }, async (t) => {
  const { path, project } = folder(t);
  const storage = join(path, "storage");
  const server = await startServer(t, { storage, env: { JIUZHANG_CACHE: join(path, "cache"), JIUZHANG_ENGINE_THREADS: "1" } });
  const before = await server.request("engine/status", {});
  assert.deepEqual([before.installed, before.problem], [false, null]);
  const missing = await server.request("endpoints/test", { project, endpoint: { declared: "embedded" } });
  assert.equal(missing.problem?.code, "engine/not-installed");
  const after = await server.request("engine/install", { progress: "p" });
  assert.equal(after.installed, true);
  assert.ok((after.bytes ?? 0) > 100e6, String(after.bytes));
  assert.ok(after.model?.file.startsWith(storage));
  assert.ok(!existsSync(join(path, "cache", "models")));
  const progress = server.notifications.flatMap(({ name, params }) =>
    name === "progress" && "progress" in params ? [params.progress] : [],
  );
  for (const stage of ["Installing the engine", "Fetching the model"]) {
    const told = progress.filter((one) => one.stage === stage);
    assert.ok(told.length >= 2, stage);
    assert.ok(
      told.every(({ done, unit, total }, at) => unit === "bytes" && done <= (total ?? 0) && done >= (told[at - 1]?.done ?? 0)),
      stage,
    );
    assert.equal(told.at(-1)?.done, told.at(-1)?.total);
  }
  const { answer, problem } = await server.request("endpoints/test", { project, endpoint: { declared: "embedded" } });
  assert.equal(problem, null);
  assert.ok((answer?.tokens ?? 0) > 0);
  // Installed once: the next installation has nothing to do.
  const count = server.notifications.length;
  await server.request("engine/install", { progress: "q" });
  assert.ok(
    !server.notifications.slice(count).some(({ name, params }) => name === "progress" && "token" in params && params.token === "q"),
  );
});

test("what the terminal has installed is used, and nothing is fetched", { skip }, async (t) => {
  const { path, project } = folder(t);
  const server = await startServer(t, { storage: join(path, "storage"), env: { JIUZHANG_ENGINE_THREADS: "1" } });
  assert.equal((await server.request("engine/status", {})).installed, true);
  assert.equal((await server.request("endpoints/list", { project })).endpoints[0]?.installed, true);
  assert.ok(!existsSync(join(path, "storage")));
});
