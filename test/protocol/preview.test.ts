import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { IndexLine, RequestLine } from "#protocol/files/shards.ts";
import { PREVIEW_MAX_CHARACTERS } from "#protocol/limits.ts";
import type { Preview } from "#protocol/messages/preview.ts";
import { root } from "../../scripts/root.ts";
import { startCannedServer } from "../cli/canned-server.ts";
import { cli } from "../cli/harness.ts";
import { type Folder, folder, problemOf, type ServerProcess, startServer } from "./harness.ts";

const shipped = (name: string): string => readFileSync(join(root, "prompts", name), "utf8");

const SEEDS = Array.from({ length: 4 }, (_, at) => ({
  text: `Passage ${at}: “the sum of the first $${at + 3}$ integers” isn't\nlong.\n`,
  section: `Sums ${at}`,
  license: "CC0-1.0",
}));

const TEMPLATE = `---
name: test
metadata:
  jiuzhang: { stage: grade, format: nl }
inputs:
  - { name: text, kind: string, required: true }
  - { name: section, kind: string }
---
system:
Be kind.

user:
From {{ section }}:
{{ text }}
`;

/** A project with imported seeds, whose endpoint is at the given address. */
async function project(t: TestContext, baseUrl = "http://127.0.0.1:1/v1"): Promise<Folder> {
  const made = folder(t, {
    "jiuzhang.yaml": `endpoints:\n  teacher:\n    base_url: ${baseUrl}\n    model: gpt-4o\n    provider: openai\n    price: { prompt: 2.5, completion: 10 }\n`,
    "prompts/test.prompty": TEMPLATE,
    "data/seeds.jsonl": SEEDS.map((row) => `${JSON.stringify(row)}\n`).join(""),
  });
  const imported = await cli(["import", "data/seeds.jsonl", "--dataset", "seeds"], { cwd: made.path });
  assert.equal(imported.code, 0, imported.stderr);
  return made;
}

async function seedIds({ path }: Folder): Promise<string[]> {
  const listed = await cli(["--json", "list", "seeds", "--limit", "10"], { cwd: path });
  return listed.objects().flatMap((row) => (typeof row.id === "string" ? [row.id] : []));
}

const texts = ({ rendering }: Preview): string[] =>
  (rendering?.messages ?? []).map(({ segments }) => segments.map(({ text }) => text).join(""));

const errors = ({ problems }: Preview) => problems.filter(({ severity }) => severity === "error");

const at = (
  server: ServerProcess,
  uri: string,
  more: { project?: string | null; seed?: { dataset: string; id: string } | null; settle?: boolean; endpoint?: string } = {},
) => server.request("preview/render", { project: null, uri, seed: null, endpoint: null, ...more });

test("what the preview shows is what generation sends: body, key and text, from the unsaved buffer", async (t) => {
  const canned = await startCannedServer();
  t.after(() => canned.stop());
  const made = await project(t, canned.url);
  const generated = await cli(
    [
      "--json",
      "generate",
      "--template",
      "prompts/test.prompty",
      "--seeds",
      "data/seeds.jsonl",
      "--count",
      "4",
      "--dataset",
      "made",
      "--stream",
    ],
    { cwd: made.path },
  );
  assert.equal(generated.code, 0, generated.stderr);
  const job = join(
    made.path,
    ".jiuzhang",
    "jobs",
    readdirSync(join(made.path, ".jiuzhang", "jobs")).filter((name) => !name.startsWith("."))[0] as string,
    "in",
  );
  const read = (name: string) =>
    readFileSync(join(job, name), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  const requests = read("requests-00000.jsonl").map((line) => RequestLine.parse(line));
  const index = read("index-00000.jsonl").map((line) => IndexLine.parse(line));
  assert.equal(requests.length, 4);

  const server = await startServer(t);
  const uri = made.uri("prompts/test.prompty");
  for (const [number, { custom_id, body, url }] of requests.entries()) {
    const seed = index[number]?.seed;
    assert.ok(seed);
    const { rendering, version } = await at(server, uri, { project: made.project, seed });
    assert.equal(version, null);
    assert.ok(rendering);
    assert.equal(rendering.wire.key, custom_id);
    assert.equal(rendering.wire.url, `${canned.url}${url.replace("/v1", "")}`);
    const { stream, stream_options, ...sent } = JSON.parse(rendering.wire.body) as Record<string, unknown>;
    assert.equal(JSON.stringify(sent), JSON.stringify(body));
    assert.deepEqual([stream, stream_options], [true, { include_usage: true }]);
    assert.deepEqual(rendering.values, { from: "seed", seed });
  }

  const first = { project: made.project, seed: index[0]?.seed ?? null };
  const next = (await at(server, uri, { ...first, settle: true })).rendering?.wire;
  assert.equal(next?.sample, 1, "the first one has been answered");
  const another = await startServer(t);
  another.open(uri, TEMPLATE.replace("Be kind.", "Be very kind."));
  const edited = await at(another, uri, first);
  assert.equal(texts(edited)[0], "Be very kind.");
  assert.equal(edited.version, 1);
  assert.notEqual(edited.rendering?.wire.key, requests[0]?.custom_id);
  another.change(uri, TEMPLATE);
  assert.equal((await at(another, uri, first)).rendering?.wire.key, requests[0]?.custom_id);
});

test("tokens come a moment later, counted and with a price; answers tell how long the next may be", async (t) => {
  const canned = await startCannedServer();
  t.after(() => canned.stop());
  const made = await project(t, canned.url);
  const [id = ""] = await seedIds(made);
  const server = await startServer(t);
  const uri = made.uri("prompts/test.prompty");
  const subject = { project: made.project, seed: { dataset: "seeds", id } };
  assert.equal((await at(server, uri, subject)).rendering?.tokens.settled, false);
  const settled = (await at(server, uri, { ...subject, settle: true })).rendering?.tokens;
  assert.ok(settled);
  assert.equal(settled.exact, true);
  assert.deepEqual(settled.completion, { tokens: 2048, from: "limit" });
  assert.equal(settled.cost, (settled.prompt * 2.5 + 2048 * 10) / 1e6);
  assert.deepEqual(settled.endpoint, { name: "teacher", model: "gpt-4o", embedded: false });
  const made2 = await cli(
    ["generate", "--template", "prompts/test.prompty", "--seeds", "data/seeds.jsonl", "--count", "2", "--dataset", "made"],
    { cwd: made.path },
  );
  assert.equal(made2.code, 0, made2.stderr);
  const another = await startServer(t);
  const later = (await at(another, uri, { ...subject, settle: true })).rendering?.tokens.completion;
  assert.equal(later?.from, "answers");
});

test("the copied command and body are the request as it is sent, whole", async (t) => {
  const made = await project(t);
  const [id = ""] = await seedIds(made);
  const server = await startServer(t);
  const subject = { project: made.project, uri: made.uri("prompts/test.prompty"), seed: { dataset: "seeds", id }, endpoint: null };
  const { rendering } = await server.request("preview/render", subject);
  const body = await server.request("preview/copy", { ...subject, what: "body" });
  assert.deepEqual(JSON.parse(body.text), JSON.parse(rendering?.wire.body ?? ""));
  const curl = await server.request("preview/copy", { ...subject, what: "curl" });
  assert.match(curl.text, /^curl -N 'http:\/\/127\.0\.0\.1:1\/v1\/chat\/completions'/);
});

test("without a seed the inputs make up values, and say so; without inputs none are needed", async (t) => {
  const server = await startServer(t);
  const { uri } = folder(t);
  server.open(uri("a.prompty"), shipped("nl/high.prompty"));
  const sample = await at(server, uri("a.prompty"));
  assert.deepEqual(sample.rendering?.values, { from: "sample" });
  assert.deepEqual(
    sample.rendering?.inputs.map(({ name, from }) => [name, from]),
    [["text", "sample"]],
  );
  assert.equal(sample.rendering?.wire.key, null);
  server.open(uri("b.prompty"), "user:\nWrite a problem.");
  const none = await at(server, uri("b.prompty"));
  assert.deepEqual([none.rendering?.values, none.rendering?.inputs], [{ from: "none" }, []]);
  assert.match(none.rendering?.wire.key ?? "", /^[0-9a-f]{64}$/);
});

test("a broken template has its problems at their places and no rendering", async (t) => {
  const server = await startServer(t);
  const uri = folder(t).uri("a.prompty");
  const source = "user:\nWrite {% if text > 1 }one{% endif %}.";
  server.open(uri, source);
  const broken = await at(server, uri);
  assert.equal(broken.rendering, null);
  const [first] = errors(broken);
  assert.equal(first?.where?.line, 2);
  assert.equal(first?.where?.file?.endsWith("a.prompty"), true);
  assert.ok(first?.span && first.span.end <= source.length);
  assert.equal(
    (await problemOf(server.request("preview/copy", { project: null, uri, seed: null, endpoint: null, what: "curl" }))).code,
    first?.code,
  );
});

test("untitled documents, documents outside of the project, other schemes and files that are gone", async (t) => {
  const made = await project(t);
  const outside = folder(t, { "else where.prompty": "user:\nOutside {{ text }}" });
  const server = await startServer(t);
  server.open("untitled:Untitled-1", "user:\nNew {{ text }}");
  const untitled = await at(server, "untitled:Untitled-1", { project: made.project });
  assert.deepEqual([untitled.path, texts(untitled)], ["untitled/Untitled-1.prompty", ["New ‹text›"]]);
  const there = await at(server, outside.uri("else where.prompty"), { project: made.project });
  assert.equal(there.path, join(outside.path, "else where.prompty").replaceAll("\\", "/"));
  assert.deepEqual(texts(there), ["Outside ‹text›"]);
  assert.equal((await at(server, made.uri("prompts/test.prompty"), { project: made.project })).path, "prompts/test.prompty");
  for (const uri of [made.uri("prompts/gone.prompty"), "untitled:Untitled-2", "git:/x.prompty", "%%%"]) {
    const problem = await problemOf(at(server, uri));
    assert.equal(problem.code, "template/unreadable", uri);
  }
});

test("a seed that is gone, an index that cannot be read and an endpoint that is not declared leave a preview, and say why", async (t) => {
  const made = await project(t);
  const server = await startServer(t);
  const uri = made.uri("prompts/test.prompty");
  const gone = await at(server, uri, { project: made.project, seed: { dataset: "seeds", id: "0".repeat(24) } });
  assert.deepEqual(gone.rendering?.values, { from: "sample" });
  assert.deepEqual(
    gone.problems.map(({ code, severity }) => [code, severity]),
    [["usage/not-found", "warning"]],
  );
  const unknown = await at(server, uri, { project: made.project, endpoint: "nobody" });
  assert.deepEqual(
    unknown.problems.map(({ code }) => code),
    ["project/unknown-endpoint"],
  );
  assert.ok(unknown.rendering);
  made.put("jiuzhang.yaml", "endpoints: [");
  const invalid = await at(server, uri, { project: made.project });
  assert.deepEqual(
    invalid.problems.map(({ code }) => code),
    ["project/invalid-yaml"],
  );
  assert.ok(invalid.rendering);
  const empty = folder(t);
  const nowhere = await at(server, uri, { project: empty.project, seed: { dataset: "seeds", id: "0".repeat(24) } });
  assert.ok(nowhere.rendering);
});

test("a template of ten megabytes is refused at once, on the disk and in the editor", async (t) => {
  const large = `user:\n${"{{ text }} and more\n".repeat(500_000)}`;
  const made = folder(t, { "large.prompty": large });
  const server = await startServer(t);
  assert.equal((await problemOf(at(server, made.uri("large.prompty")))).code, "template/too-large");
  server.open(made.uri("open.prompty"), large);
  const open = await at(server, made.uri("open.prompty"));
  assert.equal(open.rendering, null);
  assert.deepEqual(
    errors(open).map(({ code }) => code),
    ["template/too-large"],
  );
});

test("a rendering that is longer than a preview may be shows both of its ends", async (t) => {
  const server = await startServer(t);
  const uri = folder(t).uri("long.prompty");
  const line = "A line that the template has many times.\n";
  server.open(uri, `user:\nBEGIN\n${line.repeat(30_000)}END`);
  const { rendering } = await at(server, uri);
  assert.ok(rendering);
  const [text = ""] = texts({ rendering } as Preview);
  assert.equal(text.length, PREVIEW_MAX_CHARACTERS);
  assert.ok(text.startsWith("BEGIN\n") && text.endsWith("END"));
  assert.equal(rendering.omitted, 30_000 * line.length + 9 - PREVIEW_MAX_CHARACTERS);
  assert.ok(rendering.wire.body.length < PREVIEW_MAX_CHARACTERS + 200);
  const { text: whole } = await server.request("preview/copy", { project: null, uri, seed: null, endpoint: null, what: "body" });
  assert.equal(JSON.parse(whole).messages[0].content.length, 30_000 * line.length + 9);
});

test("a template that is being typed has an answer after every letter", async (t) => {
  const server = await startServer(t);
  const uri = folder(t).uri("typed.prompty");
  const source = shipped("tool/high.prompty");
  server.open(uri, "");
  let [line, character] = [0, 0];
  let shown = 0;
  for (const [index, letter] of [...source].entries()) {
    server.edit(uri, { start: { line, character }, end: { line, character } }, letter);
    if (letter === "\n") [line, character] = [line + 1, 0];
    else character++;
    const preview = await at(server, uri);
    assert.equal(preview.version, index + 2);
    if (preview.rendering === null) assert.ok(errors(preview).length > 0);
    else shown++;
  }
  assert.ok(shown > 1_000);
  assert.deepEqual(errors(await at(server, uri)), []);
});

test("messages of the wrong shape are refused, and the server goes on", async (t) => {
  const server = await startServer(t);
  const uri = "untitled:Untitled-1";
  const good = { project: null, uri, seed: null, endpoint: null };
  const odd = [
    {},
    null,
    [],
    { ...good, uri: 5 },
    { ...good, uri: "" },
    { ...good, seed: { dataset: "x", id: "../../etc" } },
    { ...good, project: "http://x" },
    { ...good, more: 1 },
  ];
  for (const params of odd)
    assert.equal(
      (await problemOf(server.request("preview/render", params as never))).code,
      "usage/invalid-argument",
      JSON.stringify(params),
    );
  assert.equal((await problemOf(server.request("preview/copy", { ...good, what: "key" } as never))).code, "usage/invalid-argument");
  server.open(uri, "user:\nHello");
  assert.deepEqual(texts(await at(server, uri)), ["Hello"]);
});
