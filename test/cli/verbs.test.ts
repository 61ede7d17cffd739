import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { cli, readText, scratch, startCli } from "./harness.ts";

const folder = scratch();
after(() => folder.remove());

test("sample makes a project once, and never over anything", async () => {
  const cwd = folder.path;
  const made = await cli(["--json", "sample", "mine"], { cwd });
  assert.equal(made.code, 0, made.stderr);
  assert.equal(made.objects()[0]?.created, true);
  for (const file of ["jiuzhang.yaml", "data/seeds.jsonl", "prompts/nl/grade.prompty"])
    assert.ok(existsSync(join(cwd, "mine", file)), file);
  writeFileSync(join(cwd, "mine", "jiuzhang.yaml"), "endpoints: {}\n");
  assert.equal((await cli(["--json", "sample", "mine"], { cwd })).objects()[0]?.created, false);
  assert.equal(readText(join(cwd, "mine", "jiuzhang.yaml")), "endpoints: {}\n");
  mkdirSync(join(cwd, "full"));
  writeFileSync(join(cwd, "full", "thesis.txt"), "precious");
  const refused = await cli(["sample", "full"], { cwd });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /not empty/);
  assert.equal(readText(join(cwd, "full", "thesis.txt")), "precious");
});

test("render shows for templates of every kind and a seed what generate would send, and touches nothing", async () => {
  const cwd = join(folder.path, "shown");
  await cli(["sample", "shown"], { cwd: folder.path });
  for (const template of ["nl/grade", "nl/aime", "tool/high", "base/grade", "base/middle-tool"]) {
    const shown = await cli(["--json", "render", `prompts/${template}.prompty`, "--seeds", "data/seeds.jsonl", "--row", "7"], { cwd });
    assert.equal(shown.code, 0, shown.stderr);
    const seed = JSON.parse(readText(join(cwd, "data", "seeds.jsonl")).split("\n")[6] ?? "") as { text: string };
    const { url, body, segments } = shown.objects()[0] as {
      url: string;
      body: Record<string, unknown>;
      segments: { source: string | null; text: string; line: number }[];
    };
    assert.equal(url, template.startsWith("base/") ? "/v1/completions" : "/v1/chat/completions");
    assert.ok(JSON.stringify(body).includes(JSON.stringify(seed.text).slice(1, -1)));
    for (const field of ["temperature", "top_p", "max_tokens", "seed", "presence_penalty", "frequency_penalty"])
      assert.ok(field in body, field);
    const span = segments.find(({ source }) => source === "text");
    assert.equal(span?.text, seed.text);
    assert.match(readText(join(cwd, "prompts", `${template}.prompty`)).split("\n")[(span?.line ?? 0) - 1] ?? "", /\{\{ *text/);
  }
  assert.ok(!existsSync(join(cwd, ".jiuzhang")));
});

test("doctor says what is missing and what to do, without asking an endpoint", async () => {
  const cwd = folder.project("examined");
  writeFileSync(
    join(cwd, "jiuzhang.yaml"),
    "endpoints:\n  teacher: { base_url: http://127.0.0.1:9/v1, model: m, api_key: { secret: unit-test } }\n",
  );
  const examined = await cli(["--json", "doctor"], { cwd });
  assert.equal(examined.code, 0, examined.stderr);
  const findings = examined.objects() as { area: string; state: string; what: string; remedy?: string }[];
  assert.equal(findings.find(({ area }) => area === "node")?.state, "works");
  assert.equal(findings.find(({ area }) => area === "index")?.state, "works");
  const endpoint = findings.find(({ area }) => area === "endpoint");
  assert.equal(endpoint?.state, "missing");
  assert.match(endpoint?.remedy ?? "", /JIUZHANG_KEY_UNIT_TEST/);
  writeFileSync(join(cwd, "jiuzhang.yaml"), "endpoints:\n  teacher: { base_url: 5 }\n");
  const broken = await cli(["--json", "doctor"], { cwd });
  assert.equal(broken.code, 1);
  assert.ok(broken.objects().some(({ what }) => /jiuzhang\.yaml:2/.test(String(what))));
});

test("serve answers whoever has the key, and ends with Ctrl-C", async () => {
  const running = startCli(["--json", "serve", "--threads", "1", "--parallel", "1"], { cwd: folder.path });
  const { baseUrl, apiKey } = await new Promise<{ baseUrl: string; apiKey: string }>((resolve, reject) => {
    let said = "";
    running.child.stdout?.on("data", (chunk) => {
      said += chunk;
      const line = said.split("\n").find((text) => text.includes('"serving"'));
      if (line !== undefined && said.includes("\n")) resolve(JSON.parse(line));
    });
    void running.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  assert.equal((await fetch(`${baseUrl}/models`)).status, 401);
  const listed = await fetch(`${baseUrl}/models`, { headers: { authorization: `Bearer ${apiKey}` } });
  assert.equal(listed.status, 200);
  running.child.kill("SIGINT");
  assert.equal((await running.ended).code, 130);
  await assert.rejects(fetch(`${baseUrl}/models`));
});
