import assert from "node:assert/strict";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type CannedServer, startCannedServer } from "./canned-server.ts";
import { cli, generateArgs, jobs, readText, scratch, startCli } from "./harness.ts";

const folder = scratch();
let server: CannedServer;
before(async () => {
  server = await startCannedServer();
});
after(async () => {
  await server.stop();
  folder.remove();
});

const total = () => [...server.answered.values()].reduce((sum, times) => sum + times, 0);
const lastSummary = (objects: Record<string, unknown>[]) => objects.find(({ type }) => type === "summary")?.total as Record<string, number>;

test("from seeds to an export: generated, listed, searched, walked back, exported, rebuilt", async () => {
  const cwd = folder.project("whole");
  const made = await cli(generateArgs(server.url, 6), { cwd });
  assert.equal(made.code, 0, made.stderr);
  const problems = made.objects().filter(({ type }) => type === "problem");
  assert.equal(problems.length, 6);
  assert.ok(problems.every(({ accepted }) => accepted === true));
  assert.deepEqual(lastSummary(made.objects()), {
    template: "all",
    asked: 6,
    answered: 6,
    parsed: 6,
    answer: 6,
    copy: 0,
    duplicate: 0,
    accepted: 6,
  });

  const listed = await cli(["--json", "list", "made", "--where", "stage=grade", "accepted=true", "--search", "gardener"], { cwd });
  assert.equal(listed.objects().length, 6);
  const none = await cli(["--json", "list", "made", "--search", 'NEAR( " OR *'], { cwd });
  assert.equal(none.code, 0, none.stderr);

  const id = String(problems[0]?.id);
  const walk = (await cli(["--json", "show", id.slice(0, 10)], { cwd })).objects()[0] as {
    row: { id: string; answer: string };
    response: { file: string; line: number };
    request: { file: string; line: number; key: string; body: { messages: { content: string }[] } };
    template: { path: string; line: number; snapshot: string };
    seed: { text: string; source: { file: string; line: number; license: string; extra: Record<string, unknown> } };
  };
  assert.equal(walk.row.id, id);
  assert.equal(walk.template.path, "t.prompty");
  assert.equal(readText(join(cwd, walk.template.snapshot)).split("\n")[walk.template.line - 1], "{{ text }}");
  const source = JSON.parse(readText(join(cwd, walk.seed.source.file)).split("\n")[walk.seed.source.line - 1] ?? "") as {
    text: string;
    id: string;
  };
  assert.equal(source.text, walk.seed.text);
  assert.equal(walk.seed.source.license, "CC0-1.0");
  assert.ok(walk.request.body.messages[0]?.content.includes(walk.seed.text));
  const line = (place: { file: string; line: number }) =>
    JSON.parse(readText(join(cwd, place.file)).split("\n")[place.line - 1] ?? "") as { custom_id: string };
  assert.equal(line(walk.request).custom_id, walk.request.key);
  assert.equal(line(walk.response).custom_id, walk.request.key);

  assert.equal((await cli(["export", "made", "--to", "a.jsonl"], { cwd })).code, 0);
  const rebuilt = await cli(["--json", "rebuild"], { cwd });
  assert.equal(rebuilt.code, 0, rebuilt.stderr);
  assert.equal((await cli(["export", "made", "--to", "b.jsonl"], { cwd })).code, 0);
  assert.equal(readText(join(cwd, "a.jsonl")), readText(join(cwd, "b.jsonl")));
  assert.equal(readText(join(cwd, "a.jsonl")).trim().split("\n").length, 6);
});

test("the same command asks nothing again; --more goes on; another dataset takes the answers that are there", async () => {
  const cwd = folder.project("again");
  const before = total();
  assert.equal((await cli(generateArgs(server.url, 4), { cwd })).code, 0);
  assert.equal(total() - before, 4);
  const again = await cli(generateArgs(server.url, 4), { cwd });
  assert.equal(again.code, 0, again.stderr);
  assert.equal(total() - before, 4);
  assert.equal(lastSummary(again.objects()).answered, 4);

  const longer = await cli(generateArgs(server.url, 6), { cwd });
  assert.equal(longer.code, 0, longer.stderr);
  assert.equal(total() - before, 6, "only the two new requests were sent");

  const more = await cli(generateArgs(server.url, 5, "--more"), { cwd });
  assert.equal(more.code, 0, more.stderr);
  assert.equal(total() - before, 11, "the seeds are used up, so the next samples are asked");

  const other = await cli([...generateArgs(server.url, 6), "--dataset", "other"], { cwd });
  assert.equal(other.code, 0, other.stderr);
  assert.equal(total() - before, 11);
  const rows = await cli(["--json", "list", "other"], { cwd });
  assert.equal(rows.objects().length, 6);
});

test("a run over an edited file has all of its rows and asks only for the changed one", async () => {
  const cwd = folder.project("edited");
  const before = total();
  assert.equal((await cli(generateArgs(server.url, 6), { cwd })).code, 0);
  const file = join(cwd, "data", "seeds.jsonl");
  writeFileSync(file, readText(file).replace("Passage number 2 about", "Passage number 2 on"));
  const edited = await cli(generateArgs(server.url, 6), { cwd });
  assert.equal(edited.code, 0, edited.stderr);
  assert.equal(lastSummary(edited.objects()).answered, 6);
  assert.equal(total() - before, 7);
});

test("a job whose process cannot begin is told with its log, and nothing is waited for", async () => {
  const cwd = folder.project("unable");
  server.status = 401;
  assert.equal((await cli(generateArgs(server.url, 2), { cwd })).code, 1);
  server.status = 200;
  // In the place of a file that the process makes first.
  const blocked = join(cwd, ".jiuzhang", "jobs", String(jobs(cwd)[0]), ".reserve");
  mkdirSync(blocked);
  const unable = await cli(generateArgs(server.url, 2), { cwd });
  assert.equal(unable.code, 1, unable.stderr);
  assert.match(unable.stderr, /stderr\.log: The job's process ended before it began/);
  rmdirSync(blocked);
  assert.equal((await cli(generateArgs(server.url, 2), { cwd })).code, 0);
});

test("problems are never put into a dataset of seeds", async () => {
  const cwd = folder.project("kinds");
  const before = total();
  const refused = await cli([...generateArgs(server.url, 2), "--dataset", "seeds"], { cwd });
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /“seeds” is a dataset of seeds/);
  assert.deepEqual(jobs(cwd), []);
  assert.equal(total(), before);
});

test("two terminals at once: what one asks, the other waits for", async () => {
  const cwd = folder.project("two", 12);
  const before = total();
  server.hold();
  const arrived = server.arrivals(8);
  const first = startCli(generateArgs(server.url, 8), { cwd });
  await arrived;
  const [same, longer] = [startCli(generateArgs(server.url, 8), { cwd }), startCli(generateArgs(server.url, 12), { cwd })];
  await server.arrivals(4);
  server.release();
  for (const running of [first, same, longer]) {
    const { code, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
  }
  assert.equal(total() - before, 12);
  const rows = await cli(["--json", "list", "made"], { cwd });
  assert.equal(rows.objects().length, 12);
});

test("Ctrl-C stops in order with 130, and the same command finishes", async () => {
  const cwd = folder.project("interrupted");
  const before = total();
  assert.equal((await cli(generateArgs(server.url, 2), { cwd })).code, 0);
  server.hold();
  const arrived = server.arrivals(4);
  const running = startCli(generateArgs(server.url, 6), { cwd });
  await arrived;
  running.child.kill("SIGINT");
  const { code, stderr } = await running.ended;
  server.release();
  assert.equal(code, 130, stderr);
  assert.match(stderr, /goes on from there/);
  const again = await cli(generateArgs(server.url, 6), { cwd });
  assert.equal(again.code, 0, again.stderr);
  assert.equal(lastSummary(again.objects()).accepted, 6);
  assert.equal(total() - before, 6, "no request was answered twice");
});

test("a wrong key ends the run at once, says what to do, and nothing is recorded as answered", async () => {
  const cwd = folder.project("key");
  server.status = 401;
  const refused = await cli(generateArgs(server.url, 6, "--api-key-env", "TEST_KEY"), { cwd, env: { TEST_KEY: "sk-secret-value-1" } });
  server.status = 200;
  assert.equal(refused.code, 1);
  const error = refused.objects().find(({ type }) => type === "error");
  assert.equal(error?.code, "model/wrong-key");
  assert.ok(typeof error?.remedy === "string" && error.remedy.length > 0);
  for (const job of jobs(cwd))
    for (const file of ["job.json", "events.jsonl", "stderr.log"])
      assert.ok(!readText(join(cwd, ".jiuzhang", "jobs", job, file)).includes("sk-secret"), `${file} holds the key`);
  const again = await cli(generateArgs(server.url, 6, "--api-key-env", "TEST_KEY"), { cwd, env: { TEST_KEY: "sk-good" } });
  assert.equal(again.code, 0, again.stderr);
  assert.equal(lastSummary(again.objects()).accepted, 6);
  const missing = await cli(generateArgs(server.url, 6, "--api-key-env", "TEST_KEY"), { cwd });
  assert.equal(missing.objects()[0]?.code, "model/missing-key");
});

test("what cannot be understood is a usage error with exit 2; what fails is exit 1; each says where and what to do", async () => {
  const cwd = folder.project("usage");
  writeFileSync(join(cwd, "broken.prompty"), "---\nname: [\n---\nuser:\n{{ text | shout }}\n");
  writeFileSync(join(cwd, "filter.prompty"), "---\nname: x\ninputs: [{ name: text, kind: string }]\n---\nuser:\n{{ text | shout }}\n");
  writeFileSync(join(cwd, "odd.jsonl"), '{"colour": "red"}\n');
  const cases: [string[], number, RegExp][] = [
    [["generate"], 2, /required option/],
    [["nonsense"], 2, /unknown command/],
    [generateArgs(server.url, 1).map((word) => (word === "1" ? "many" : word)), 2, /whole number/],
    [["generate", "--template", "none.prompty", "--seeds", "data/seeds.jsonl", "--count", "1"], 2, /does not exist/],
    [["list", "nothing"], 2, /nothing/],
    [["list", "made", "--where", "colour=red"], 2, /colour/],
    [["show", "ffffff"], 2, /ffffff/],
    [["render", "filter.prompty", "--seeds", "data/seeds.jsonl"], 1, /filter\.prompty:6:\d+.*shout/],
    [["render", "broken.prompty", "--seeds", "data/seeds.jsonl"], 1, /broken\.prompty:\d+/],
    [["render", "t.prompty", "--seeds", "data/seeds.jsonl", "--row", "99"], 2, /6 readable rows/],
    [["import", "odd.jsonl", "--dataset", "d"], 1, /colour/],
    [["generate", "--template", "t.prompty", "--seeds", "data/seeds.jsonl", "--count", "1", "--endpoint", "teacher"], 2, /teacher/],
    [["datasets", "--project", "no-such-folder"], 1, /no such folder/],
  ];
  for (const [args, code, message] of cases) {
    const ended = await cli(args, { cwd });
    assert.equal(ended.code, code, `${args.join(" ")}: ${ended.stderr}`);
    assert.match(ended.stderr, message, args.join(" "));
    assert.ok(!ended.stderr.includes("    at "), `a stack trace for ${args.join(" ")}: ${ended.stderr}`);
  }
  const outside = await cli(["datasets"], { cwd: folder.path });
  assert.equal(outside.code, 1);
  assert.match(outside.stderr, /not in a project/);
});

test("a pipe gets neither colours nor bars, and --json nothing but JSON", async () => {
  const cwd = folder.project("pipe");
  const human = await cli(
    generateArgs(server.url, 3).filter((word) => word !== "--json"),
    { cwd },
  );
  assert.equal(human.code, 0, human.stderr);
  for (const sign of ["\u001b", "━", "─"]) assert.ok(!(human.stdout + human.stderr).includes(sign));
  assert.match(human.stdout, /t\.prompty +3 +3 +3 +0 +0 +3/);
  for (const args of [
    ["datasets"],
    ["list", "made"],
    ["rebuild"],
    ["import", "data/seeds.jsonl", "--dataset", "seeds"],
    ["export", "made", "--to", "x.jsonl"],
    ["render", "t.prompty", "--seeds", "data/seeds.jsonl"],
  ]) {
    const ended = await cli(["--json", ...args], { cwd });
    assert.equal(ended.code, 0, ended.stderr);
    assert.ok(ended.objects().length > 0, args.join(" "));
  }
});
