import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { AppError } from "#protocol/errors.ts";
import { prepareEngine, startPrepared } from "./prepared.ts";

const prepared = await prepareEngine();
const skip = typeof prepared === "string" ? prepared : false;
const ready = () => {
  if (typeof prepared === "string") throw new Error(prepared);
  return prepared;
};

/** Nobody tells when a process that is not our child ends, so its id is asked for until it is gone. */
async function gone(pid: number): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await delay(20)) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
  }
  assert.fail(`process ${pid} still lives`);
}

test("it stops when it is told to, also in the middle of an answer", { skip }, async () => {
  const engine = await startPrepared(ready());
  const response = await fetch(`${engine.baseUrl}/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${engine.token}` },
    body: JSON.stringify({ prompt: "la la la", max_tokens: 900, temperature: 0, stream: true }),
  });
  await response.body?.getReader().read();
  assert.deepEqual(await engine.stop(), { code: 0, signal: null });
  assert.deepEqual(await engine.exited, { code: 0, signal: null });
});

test("its parent is killed in the middle of an answer: no orphan", { skip }, async () => {
  const { engineDir, model } = ready();
  const script = `
    import { startPrepared } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "prepared.ts")).href)};
    const engine = await startPrepared(${JSON.stringify({ engineDir, model })});
    const response = await fetch(engine.baseUrl + "/completions", {
      method: "POST",
      headers: { authorization: "Bearer " + engine.token },
      body: JSON.stringify({ prompt: "la la la", max_tokens: 900, temperature: 0, stream: true }),
    });
    await response.body.getReader().read();
    console.log(engine.pid);
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const pid = Number(line);
  process.kill(pid, 0);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  await gone(pid);
});

test("a parent that has nothing more to do ends, and the engine with it", { skip }, async () => {
  const { engineDir, model } = ready();
  const script = `
    import { startPrepared } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "prepared.ts")).href)};
    console.log((await startPrepared(${JSON.stringify({ engineDir, model })})).pid);
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [[line], [code]] = await Promise.all([once(createInterface({ input: parent.stdout }), "line"), once(parent, "exit")]);
  assert.equal(code, 0);
  await gone(Number(line));
});

test("it ends when nobody asked for a while", { skip }, async () => {
  const engine = await startPrepared(ready(), { idleSeconds: 0.2 });
  assert.deepEqual(await engine.exited, { code: 0, signal: null });
});

test("a killed engine is told by its exit", { skip }, async () => {
  const engine = await startPrepared(ready());
  process.kill(engine.pid, "SIGKILL");
  assert.equal((await engine.exited).signal, "SIGKILL");
});

test("an abort ends the start and the engine", { skip }, async () => {
  const abort = new AbortController();
  const starting = startPrepared(ready(), { signal: abort.signal });
  abort.abort();
  await assert.rejects(starting, { name: "AbortError" });
  const later = new AbortController();
  const engine = await startPrepared(ready(), { signal: later.signal });
  later.abort();
  assert.equal((await engine.exited).code, 0);
});

test("a port that is taken: engine/port-taken", { skip }, async () => {
  const other = createServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  await assert.rejects(startPrepared(ready(), { port }), (error: AppError) => {
    assert.equal(error.problem.code, "engine/port-taken");
    assert.equal(error.problem.data?.port, port);
    return error.problem.remedy !== undefined;
  });
  other.close();
});

test("a model file that only looks like one: engine/start-failed, with the reason and no process left", { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "jiuzhang-"));
  const file = join(folder, "cut.gguf");
  writeFileSync(file, `GGUF${"\0".repeat(500)}`);
  await assert.rejects(startPrepared({ ...ready(), model: { file, sha256: "0".repeat(64) } }), (error: AppError) => {
    assert.equal(error.problem.code, "engine/start-failed");
    assert.equal(error.problem.where?.file, file);
    return /exit code/.test(error.problem.message) && error.problem.remedy !== undefined;
  });
  rmSync(folder, { recursive: true });
});

test("an engine folder that is not one: engine/start-failed", { skip }, async () => {
  await assert.rejects(
    startPrepared({ ...ready(), engineDir: tmpdir() }),
    (error: AppError) => error.problem.code === "engine/start-failed",
  );
});
