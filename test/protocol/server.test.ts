import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder, problemOf, startServer } from "./harness.ts";

test("the server answers, publishes what is wrong with a template, and ends in order", async (t) => {
  const server = await startServer(t);
  const { pid, trusted } = await server.request("server/health", {});
  assert.equal(pid, server.child.pid);
  assert.equal(trusted, true);
  const uri = folder(t).uri("a.prompty");
  server.open(uri, "user:\n{{ text }\n");
  const [found] = await server.diagnostics(uri);
  assert.equal(found?.range.start.line, 1);
  server.change(uri, "user:\nhello\n");
  assert.deepEqual(await server.diagnostics(uri), []);
  assert.equal(await server.stop(), 0);
});

test("a message of the wrong shape and a folder that is gone are problems, and the server goes on", async (t) => {
  const server = await startServer(t, { trusted: false });
  const wrong = await problemOf(server.request("server/health", { odd: true } as never));
  assert.equal(wrong.code, "usage/invalid-argument");
  assert.match(wrong.message, /server\/health/);
  const gone = await problemOf(server.request("corpus/datasets", { project: "file:///nowhere/at/all" }));
  assert.notEqual(gone.code, "cancelled");
  assert.equal((await server.request("server/health", {})).trusted, false);
});

test("a server that is ending opens no project any more", async (t) => {
  const server = await startServer(t);
  const { path, project } = folder(t);
  await server.connection.sendRequest("shutdown");
  const problem = await problemOf(server.request("corpus/datasets", { project }));
  assert.equal(problem.code, "cancelled");
  assert.equal(existsSync(join(path, ".jiuzhang")), false);
  await server.connection.sendNotification("exit");
});
