import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { openWriter } from "../../server/src/store/open.ts";
import { contextOf, dump, indexOf, lines, put, scratch } from "./harness.ts";

const PROGRAM = fileURLToPath(new URL("import-program.ts", import.meta.url));

function runProgram(args: string[], crashAt: number): { killed: boolean; output: string } {
  const env = { ...process.env, JIUZHANG_CRASH_AT: crashAt === 0 ? "" : String(crashAt) };
  const { signal, status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { env, encoding: "utf8" });
  assert.ok(signal === "SIGKILL" || status === 0, stderr);
  return { killed: signal === "SIGKILL", output: stdout };
}

const content = (from: number) =>
  lines(...Array.from({ length: 100 }, (_, at) => ({ problem: `Problem ${(from + at) % 90}`, solution: `It is \\boxed{${at}}.` })), "{", {
    other: 1,
  });

/** An index without the times at which it was made. */
function untimed(project: string): object {
  const sql = openWriter(indexOf(project));
  const text = JSON.stringify(dump(sql));
  sql.close();
  return JSON.parse(text.replace(/"(created|updated)":\d+/g, '"$1":0'));
}

test("an import killed at any step goes on where it was, and nothing is there twice", async () => {
  const whole = scratch();
  const report = JSON.parse(runProgram([whole, "import", put(whole, "rows.jsonl", content(0))], 0).output);
  assert.deepEqual([report.rows + report.duplicates, report.rejected], [100, 2]);
  const wanted = untimed(whole);
  let steps = 0;
  for (let at = 1; ; at++) {
    const project = scratch();
    const file = put(project, "rows.jsonl", content(0));
    if (!runProgram([project, "import", file], at).killed) break;
    steps += 1;
    const context = contextOf(project);
    const resumed = await importFile(context, { file, dataset: "set" });
    context.sql.close();
    assert.equal(resumed.rejected, 2, `step ${at}`);
    assert.deepEqual(untimed(project), wanted, `step ${at}`);
  }
  assert.ok(steps >= 10, `${steps} steps`);
});

test("a rebuild killed at any step leaves an index that reads the same, and the next one is clean", () => {
  const project = scratch();
  runProgram([project, "import", put(project, "rows.jsonl", content(0))], 0);
  runProgram([project, "import", put(project, "more.jsonl", content(30))], 0);
  const wanted = untimed(project);
  let steps = 0;
  for (let at = 1; runProgram([project, "rebuild"], at).killed; at++) {
    steps += 1;
    assert.deepEqual(untimed(project), wanted, `step ${at}`);
  }
  assert.ok(steps >= 6, `${steps} steps`);
  assert.deepEqual(untimed(project), wanted);
  assert.deepEqual(
    readdirSync(join(project, ".jiuzhang")).filter((name) => name.includes("rebuild")),
    [],
  );
});
