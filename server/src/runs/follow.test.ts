import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, rmSync, truncateSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { EventLine } from "#protocol/files/events.ts";
import { processIdentity } from "../hosts/process-identity.ts";
import { eventsSize, followJob, lastError, stopJob } from "./follow.ts";

const root = mkdtempSync(join(tmpdir(), "jiuzhang-follow-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** A job directory whose process runs on another machine; `say` adds to its events. */
async function foreignJob() {
  const dir = mkdtempSync(join(root, "job-"));
  const write = (name: string, value: unknown) => writeFileSync(join(dir, name), JSON.stringify(value));
  write("started.json", { ...(await processIdentity()), host: "another", started: "2026-01-01T00:00:00.000Z" });
  return {
    dir,
    say: (text: string) => appendFileSync(join(dir, "events.jsonl"), text),
    end: (code: number) => write("exit.json", { code, signal: null, ended: "2026-01-01T00:00:01.000Z" }),
  };
}

const AT = "2026-01-01T00:00:00.000Z";
const progress = (done: number) => JSON.stringify({ event: "progress", at: AT, done, unit: "requests" });

test("a job of another machine is followed until its files tell the end; each whole event is told once, and the last answers are taken in", async () => {
  const { dir, say, end } = await foreignJob();
  say(`${progress(1)}\n`);
  const eventsFrom = await eventsSize(dir);
  const told: EventLine[] = [];
  let rounds = 0;
  const steps = [
    () => say(`${progress(2)}\n${progress(3).slice(0, 20)}`),
    () => say(`${progress(3).slice(20)}\nnot JSON\n`),
    () => end(75),
    () => {},
  ];
  const state = await followJob({
    dir,
    eventsFrom,
    signal: new AbortController().signal,
    onEvent: (event) => told.push(event),
    ingest: async () => steps[rounds++]?.(),
  });
  assert.equal(state, "stopped");
  assert.equal(rounds, steps.length);
  assert.deepEqual(
    told.map((event) => event.event === "progress" && event.done),
    [2, 3],
  );
});

test("cancelling leaves a job of others alone, and takes in what there is", async () => {
  const { dir } = await foreignJob();
  const abort = new AbortController();
  let rounds = 0;
  const following = followJob({
    dir,
    eventsFrom: 0,
    signal: abort.signal,
    onEvent: () => {},
    ingest: async () => {
      if (++rounds === 2) abort.abort();
    },
  });
  await assert.rejects(following, { problem: { code: "cancelled", message: "Cancelled" } });
  assert.equal(rounds, 3);
});

test("a job of another machine is asked to stop by a file, and no process here is touched", async () => {
  const { dir, end } = await foreignJob();
  const stopping = stopJob(dir);
  const asked = watch(dir, () => {
    if (!existsSync(join(dir, "stop"))) return;
    asked.close();
    end(75);
  });
  assert.equal(await stopping, true);
  assert.equal(await stopJob(dir), true, "one that has ended is not asked");
});

test("the newest error of this run is the job's, and none of an earlier run", async () => {
  const { dir, say } = await foreignJob();
  const error = (message: string) => `${JSON.stringify({ event: "error", at: AT, code: "model/wrong-key", message, remedy: "Set it." })}\n`;
  assert.equal(await eventsSize(dir), 0);
  say(error("earlier"));
  const eventsFrom = await eventsSize(dir);
  assert.equal(eventsFrom, error("earlier").length);
  say('{"event":"torn by a ki');
  assert.equal(await eventsSize(dir), eventsFrom);
  truncateSync(join(dir, "events.jsonl"), eventsFrom);
  assert.equal(await lastError(dir, eventsFrom), null);
  say(error("first") + error("second"));
  assert.deepEqual(await lastError(dir, eventsFrom), { code: "model/wrong-key", message: "second", remedy: "Set it." });
});
