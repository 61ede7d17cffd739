import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { withoutEditor } from "./browser.ts";
import { type Editor, startEditor } from "./editor.ts";
import { dismiss } from "./palette.ts";
import { sampleProject } from "./project.ts";
import { until } from "./until.ts";
import { notifications } from "./views.ts";

const BROKEN = "---\nname: x\n---\nuser:\nSolve {{ text";

describe("the server's life in a real editor", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  before(async () => {
    editor = await startEditor({ project: await sampleProject(), settings: { "jiuzhang.trace.server": "messages" } });
  });
  const item = () => editor.page.locator(".statusbar-item[id='jiuzhang.jiuzhang.jiuzhang.status']");
  const logged = (words: RegExp) => until(`${words} in the log`, () => words.test(editor.logs()));
  const markers = () => editor.page.locator("[id='status.problems']");

  test("it is not started before it is needed, and then by the first template", async () => {
    await item().locator(".codicon-circle-outline").waitFor();
    await editor.openFile("prompts/nl/high.prompty");
    await item().locator(".codicon-circle-filled").waitFor();
    await editor.serverPid();
  });

  test("a click says how it is", async () => {
    const pid = await editor.serverPid();
    await item().click();
    const row = editor.page.locator(".quick-input-list .monaco-list-row");
    await row.filter({ hasText: `process ${pid}` }).waitFor();
    await editor.screenshot("server-status");
    await dismiss(editor.page);
  });

  test("killed in the middle of a request: the request says so, another server takes over and knows the open documents", async () => {
    const pid = await editor.serverPid();
    process.kill(pid, "SIGSTOP");
    await item().click();
    const rows = editor.page.locator(".quick-input-list .monaco-list-row");
    await rows.filter({ hasText: "Asking the server how it is" }).waitFor();
    process.kill(pid, "SIGKILL");
    await item().filter({ hasText: "server restarted" }).waitFor();
    const next = await editor.serverPid(pid);
    await rows.filter({ hasText: `process ${next}` }).waitFor();
    await dismiss(editor.page);
    await logged(/The server has crashed: it was ended by SIGKILL/);
    assert.equal(await notifications(editor.page).count(), 0, "a crash that mended itself is no message");

    await editor.openFile("prompts/nl/high.prompty");
    await editor.replaceText(BROKEN);
    await markers().filter({ hasText: "1" }).waitFor();
    await until("our problem, named as ours", async () => (await editor.problems()).some((line) => line.includes("jiuzhang")));
  });

  test("killed while it starts: it comes up all the same", async () => {
    const first = await editor.serverPid();
    process.kill(first, "SIGKILL");
    const second = await editor.serverPid(first);
    process.kill(second, "SIGKILL");
    const third = await editor.serverPid(second);
    assert.notEqual(third, first);
    await item().filter({ hasText: "server restarted" }).waitFor();
    await item().click();
    await editor.page
      .locator(".quick-input-list .monaco-list-row")
      .filter({ hasText: `process ${third}` })
      .waitFor();
    await dismiss(editor.page);
  });

  test("ten crashes in a row: it is left alone, with a way on", async () => {
    let pid = await editor.serverPid();
    const stopped = item().filter({ hasText: "stopped" });
    const given = stopped.waitFor({ timeout: 120_000 }).then(() => null);
    for (;;) {
      process.kill(pid, "SIGKILL");
      const next = await Promise.race([given, editor.serverPid(pid)]);
      if (next === null) break;
      pid = next;
    }
    const message = notifications(editor.page).filter({ hasText: /crashed 10 times in a row/ });
    await message.waitFor();
    await editor.screenshot("server-stopped");
    await item().click();
    await editor.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "The server has stopped" }).waitFor();
    await dismiss(editor.page);
    await message.getByRole("button", { name: "Restart Server" }).click();
    await item().locator(".codicon-circle-filled").waitFor();
    assert.notEqual(await editor.serverPid(pid), pid);
  });

  test("the messages are in the log where the setting asks for them", async () => {
    await logged(/Sending request 'jiuzhang\/server\/health/);
    assert.doesNotMatch(editor.logs(), /Params: /, "names and times only");
  });

  test("a window that is reloaded ends its server in order and has another", async () => {
    const pid = await editor.serverPid();
    await editor.reload();
    await until("the server to end", () => !existsSync(`/proc/${pid}`));
    await logged(/The server is stopped\./);
    await item().locator(".codicon-circle-filled").waitFor();
  });

  test("an editor that dies leaves no server behind", async () => {
    const pid = await editor.serverPid();
    const host = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
    process.kill(host, "SIGKILL");
    await until("the server to end", () => !existsSync(`/proc/${pid}`));
  });
});
