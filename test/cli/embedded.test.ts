import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { cli, generateInto, jobs, readText, scratch, startCli } from "./harness.ts";

const folder = scratch();
after(() => folder.remove());
const withoutProc = process.platform === "linux" ? false : "the engine's process is found through /proc";

const args = (count: number) => generateInto("small", count, "--max-tokens", "24", "--concurrency", "2");

/** The engine processes that descend from a job's send process. */
function enginesOf(send: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      try {
        const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
        return Number(parent) === send && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("engine");
      } catch {
        return false;
      }
    });
}

async function until<T>(what: string, look: () => T | null | undefined | false): Promise<T> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const found = look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited two minutes for ${what}`);
    await wait(20);
  }
}

const sendPid = (cwd: string): number | null => {
  const [job] = jobs(cwd);
  try {
    return (JSON.parse(readText(join(cwd, ".jiuzhang", "jobs", job ?? "", "started.json"))) as { pid: number }).pid;
  } catch {
    return null;
  }
};

const isThere = (pid: number): boolean => {
  try {
    // A zombie answers signals, but it is gone.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

test("the embedded model writes; its engine is killed under it and started again, and nothing is missing", {
  skip: withoutProc,
}, async () => {
  const cwd = folder.project("engine-killed");
  const running = startCli(args(6), { cwd });
  const firstProblem = new Promise<void>((resolve) =>
    running.child.stdout?.on("data", (chunk) => /"type":"problem"/.test(String(chunk)) && resolve()),
  );
  const send = await until("send", () => sendPid(cwd));
  const engine = await until("the engine", () => enginesOf(send)[0]);
  await firstProblem;
  process.kill(engine, "SIGKILL");
  const { code, stderr, objects } = await running.ended;
  assert.equal(code, 0, stderr);
  assert.equal(objects().filter(({ type }) => type === "problem").length, 6);
  assert.ok(!isThere(engine));
  await until("the engine's end", () => enginesOf(send).length === 0);
});

test("terminal and job are killed: the engine is gone too, and the same command goes on", { skip: withoutProc }, async () => {
  const cwd = folder.project("all-killed");
  const running = startCli(args(4), { cwd });
  const send = await until("send", () => sendPid(cwd));
  const engine = await until("the engine", () => enginesOf(send)[0]);
  running.child.kill("SIGKILL");
  process.kill(send, "SIGKILL");
  await running.ended;
  await until("the orphan's end", () => !isThere(engine));
  const again = await cli(args(4), { cwd });
  assert.equal(again.code, 0, again.stderr);
  const rows = (await cli(["--json", "list", "small"], { cwd })).objects();
  assert.equal(rows.length, 4);
});
