import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { withoutEditor } from "./browser.ts";
import { type Editor, startEditor } from "./editor.ts";
import { sampleProject } from "./project.ts";
import { until } from "./until.ts";

const KEY = "sk-never-in-a-log-4711";

describe("keys of endpoints", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  let project: string;
  const keys: (string | undefined)[] = [];
  /** An endpoint that knows its key when it sees it. */
  const endpoint = createServer((request, response) => {
    keys.push(request.headers.authorization);
    const body = request.url?.endsWith("/models")
      ? { object: "list", data: [{ id: "m", object: "model" }] }
      : {
          id: "1",
          object: "chat.completion",
          choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "4" } }],
        };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  before(async () => {
    await once(endpoint.listen(0, "127.0.0.1"), "listening");
    project = await sampleProject();
    const { port } = endpoint.address() as AddressInfo;
    const recipe = `endpoints:\n  teacher:\n    base_url: http://127.0.0.1:${port}/v1\n    model: m\n    api_key: { secret: teacher }\n`;
    writeFileSync(join(project, "jiuzhang.yaml"), recipe);
    editor = await startEditor({ project, settings: { "jiuzhang.trace.server": "verbose" } });
  });
  after(() => endpoint.close());
  const row = () => editor.treeRows("Endpoints").filter({ hasText: "teacher" });

  test("a missing key is told in the tree, and is there once it is set", async () => {
    await editor.activity("JiuZhang").click();
    await row().filter({ hasText: "key missing" }).waitFor();
    await editor.command("jiuzhang.setKey");
    await editor.answer(KEY);
    await editor.statusBar("Key “teacher” is stored").waitFor();
    await row().filter({ hasText: "127.0.0.1" }).waitFor();
    assert.ok(keys.includes(`Bearer ${KEY}`));
  });

  test("neither a log with whole messages nor a file of the project holds it", async () => {
    const logs = await until("the traced request", () => (/jiuzhang\/secret\/get/.test(editor.logs()) ? editor.logs() : null));
    assert.ok(logs.includes("Params: {"), "messages are traced as a whole");
    assert.ok(!logs.includes(KEY));
    const files = readdirSync(project, { recursive: true, encoding: "utf8" }).filter((file) => statSync(join(project, file)).isFile());
    assert.ok(files.includes("jiuzhang.yaml"));
    for (const file of files) assert.ok(!readFileSync(join(project, file), "latin1").includes(KEY), file);
  });
});
