import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
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
  /** Endpoints that remember the keys that they were shown: the key's own, and a stranger. */
  const keys: (string | undefined)[] = [];
  const stolen: (string | undefined)[] = [];
  const endpoint = createServer((request, response) => serve(request, response, keys));
  const stranger = createServer((request, response) => serve(request, response, stolen));
  const serve = (request: IncomingMessage, response: ServerResponse, seen: (string | undefined)[]) => {
    seen.push(request.headers.authorization);
    const body = request.url?.endsWith("/models")
      ? { object: "list", data: [{ id: "m", object: "model" }] }
      : {
          id: "1",
          object: "chat.completion",
          choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "4" } }],
        };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  };
  const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const writeRecipe = (server: Server) =>
    writeFileSync(
      join(project, "jiuzhang.yaml"),
      `endpoints:\n  teacher:\n    base_url: ${originOf(server)}/v1\n    model: m\n    api_key: { secret: teacher }\n`,
    );
  before(async () => {
    for (const server of [endpoint, stranger]) await once(server.listen(0, "127.0.0.1"), "listening");
    project = await sampleProject();
    writeRecipe(endpoint);
    editor = await startEditor({ project, settings: { "jiuzhang.trace.server": "verbose" } });
  });
  after(() => {
    endpoint.close();
    stranger.close();
  });
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

  test("a recipe that sends the key to another server asks first, naming both, and then never again", async () => {
    writeRecipe(stranger);
    const dialog = editor.page.locator(".monaco-dialog-box").filter({ hasText: `Give the key “teacher” to ${originOf(stranger)}?` });
    const listed = row().filter({ hasText: new URL(originOf(stranger)).host });
    await listed.waitFor();
    assert.equal(await dialog.count(), 0, "the tree needs no key");
    await editor.command("jiuzhang.testEndpoint");
    await dialog.filter({ hasText: `It was stored for ${originOf(endpoint)}` }).waitFor();
    await editor.screenshot("secrets-another-server");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await editor.notifications.filter({ hasText: `was not given to ${originOf(stranger)}` }).waitFor();
    assert.equal(stolen.length, 0);
    await editor.command("jiuzhang.testEndpoint");
    await dialog.getByRole("button", { name: "Give Key" }).click();
    await until("the key", () => stolen.includes(`Bearer ${KEY}`));
    await editor.statusBar(/teacher answers in/).waitFor();
    const before = stolen.length;
    await editor.command("jiuzhang.testEndpoint");
    await until("another test", () => stolen.length > before);
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
