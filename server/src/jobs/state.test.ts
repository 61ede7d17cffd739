import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ExitFile, StartedFile } from "#protocol/files/job.ts";
import { processIdentity } from "../hosts/process-identity.ts";
import { jobState, mayRun, type Observation, stateOf } from "./state.ts";

const root = mkdtempSync(join(tmpdir(), "jiuzhang-state-"));
after(() => rmSync(root, { recursive: true, force: true }));

const started: StartedFile = { host: "h", pid: 1, process_start: "1", boot_id: "b", started: "2026-01-01T00:00:01.000Z" };
const exit = (code: number | null, ended = "2026-01-01T00:00:02.000Z"): ExitFile => ({ code, signal: null, ended });
const observed = (more: Partial<Observation>): Observation => ({ started: null, exit: null, manifest: false, alive: null, ...more });

test("every combination of files has one state", () => {
  const cases: [Partial<Observation>, string][] = [
    [{}, "queued"],
    [{ started, alive: true }, "running"],
    [{ started, alive: false }, "lost"],
    [{ started, alive: "unknown" }, "unknown"],
    [{ started, alive: false, exit: exit(0), manifest: true }, "succeeded"],
    [{ started, alive: false, exit: exit(0) }, "unknown"],
    [{ started, alive: false, exit: exit(1) }, "failed"],
    [{ started, alive: false, exit: exit(null) }, "failed"],
    [{ started, alive: false, exit: exit(75) }, "stopped"],
    [{ started, alive: "unknown", exit: exit(75) }, "stopped"],
    // Writing its exit is nearly the last thing that a process does.
    [{ started, alive: true, exit: exit(1) }, "failed"],
    // The exit of the run before this one says nothing about it.
    [{ started, alive: true, exit: exit(1, "2026-01-01T00:00:00.000Z") }, "running"],
    [{ started, alive: false, exit: exit(0, "2026-01-01T00:00:00.000Z"), manifest: true }, "lost"],
    [{ started, alive: false, exit: { ...exit(0), survivors: [{ pid: 2, name: "p" }] }, manifest: true }, "failed"],
    [{ started, alive: false, exit: { ...exit(0), survivors: [] }, manifest: true }, "succeeded"],
    [{ started, alive: false, exit: { ...exit(null), cancelled: true } }, "cancelled"],
    [{ started, alive: false, exit: { ...exit(75), cancelled: true, survivors: [{ pid: 2, name: "p" }] } }, "failed"],
    // Where runs have tokens, clocks do not count.
    [{ started: { ...started, run: "b" }, alive: false, exit: { ...exit(0), run: "a" }, manifest: true }, "lost"],
    [{ started: { ...started, run: "b" }, alive: false, exit: exit(0), manifest: true }, "lost"],
    [{ started: { ...started, run: "b" }, alive: false, exit: { ...exit(1, "2025-01-01T00:00:00.000Z"), run: "b" } }, "failed"],
    [{ started, alive: false, exit: "unreadable" }, "unknown"],
    [{ started, alive: true, exit: "unreadable" }, "running"],
    [{ started: "unreadable" }, "unknown"],
  ];
  for (const [more, state] of cases) assert.equal(stateOf(observed(more)), state, JSON.stringify(more));
});

test("a process may be at work where it lives, and where another machine would have to tell", () => {
  const cases: [Partial<Observation>, boolean][] = [
    [{ started, alive: true }, true],
    [{ started, alive: "unknown" }, true],
    [{ started, alive: true, exit: "unreadable" }, true],
    [{ started, alive: "unknown", exit: exit(75) }, false],
    [{ started, alive: false, exit: "unreadable" }, false],
    [{ started, alive: false, exit: exit(0) }, false],
    [{ started, alive: false }, false],
    [{}, false],
  ];
  for (const [more, wanted] of cases) {
    const observation = observed(more);
    assert.equal(mayRun({ ...observation, state: stateOf(observation) }), wanted, JSON.stringify(more));
  }
});

test("files are read as they are: an empty exit file means unknown, another host's process is not judged", async () => {
  const dir = join(root, "job");
  mkdirSync(dir);
  const write = (name: string, value: unknown) => writeFileSync(join(dir, name), typeof value === "string" ? value : JSON.stringify(value));
  const state = async () => (await jobState(dir)).state;
  const me = { ...(await processIdentity()), started: "2026-01-01T00:00:01.000Z" };
  assert.equal(await state(), "queued");
  write("started.json", me);
  assert.equal(await state(), "running");
  write("started.json", { ...me, process_start: "12345" });
  assert.equal(await state(), "lost");
  write("started.json", { ...me, host: "another" });
  assert.equal(await state(), "unknown");
  write("exit.json", "");
  assert.equal(await state(), "unknown");
  write("exit.json", exit(75));
  assert.equal(await state(), "stopped");
  write("started.json", "{");
  assert.equal(await state(), "unknown");
});
