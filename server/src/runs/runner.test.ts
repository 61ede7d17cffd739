import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { jobsDirectory } from "../jobs/layout.ts";
import { ownDirectory } from "../jobs/own-directory.ts";
import { jobState } from "../jobs/state.ts";
import { declareEndpoint } from "../recipe/declaration.ts";
import type { CorpusStore } from "../thread.ts";
import { createRunner } from "./runner.ts";
import type { RunRequest } from "./runner-messages.ts";

const root = mkdtempSync(join(tmpdir(), "jiuzhang-runner-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** A thread that does what the script says with each message. */
function entry(script: string): string {
  const file = join(root, `${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(file, `import { parentPort } from "node:worker_threads";\nparentPort.on("message", (message) => { ${script} });\n`);
  return file;
}

const store = {
  read: async () => assert.fail("nothing is read"),
  write: async () => assert.fail("nothing is written"),
  close: async () => {},
};
const request: RunRequest = {
  endpoint: declareEndpoint("embedded", { embedded: true }),
  keys: {},
  homes: [],
  projectDir: root,
  template: { path: "t.prompty", source: "" },
  seeds: { none: true },
  count: 1,
  dataset: "d",
  budget: null,
};
const watch = () => ({ store: store as unknown as CorpusStore, onEvent: () => {}, signal: new AbortController().signal });

test("a thread that dies is told to whoever waits, its jobs are free again, and the next call has a new one", async () => {
  const dir = join(jobsDirectory(root), "send-000000000000");
  await ownDirectory(dir, { shared: true });
  const said: string[] = [];
  const dies = entry(`
    parentPort.postMessage({ type: "event", id: message.id, event: { type: "plan", job: "send-000000000000" } });
    setImmediate(() => { throw new Error("out of luck"); });
  `);
  const runner = createRunner(dies, (level, text) => said.push(`${level}: ${text}`));
  for (const _ of [1, 2]) {
    const run = runner.generate(request, watch());
    await assert.rejects(
      run,
      (thrown) => thrown instanceof AppError && /out of luck/.test(thrown.message) && thrown.problem.remedy !== undefined,
    );
  }
  assert.equal(said.length, 2);
  assert.equal((await jobState(dir)).state, "failed");
  assert.ok((await jobState(dir)).exit !== null);
  (await ownDirectory(dir)).end(0, null);
  await runner.close();
});

test("a call is cancelled where it runs", async () => {
  const cancels = entry(`
    if (message.type === "cancel") parentPort.postMessage({ type: "failed", id: message.id, problem: { code: "cancelled", message: "Cancelled" } });
    if (message.type === "close") parentPort.close();
  `);
  const runner = createRunner(cancels, () => {});
  const abort = new AbortController();
  const run = runner.generate(request, { ...watch(), signal: abort.signal });
  abort.abort();
  await assert.rejects(run, { message: "Cancelled" });
  await runner.close();
  await runner.close();
});
