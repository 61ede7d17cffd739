import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { cli, readText, scratch } from "./harness.ts";

const folder = scratch();
after(() => folder.remove());

test("labels, edits and deletions of the project's people count in the terminal, and a line that does not is told", async () => {
  const cwd = folder.project("labelled");
  const problems = Array.from({ length: 4 }, (_, at) => JSON.stringify({ problem: `Problem ${at}?`, solution: `\\boxed{${at}}` }));
  writeFileSync(join(cwd, "problems.jsonl"), `${problems.join("\n")}\n`);
  assert.equal((await cli(["import", "problems.jsonl", "--dataset", "set"], { cwd })).code, 0);
  const list = async (...where: string[]) => (await cli(["--json", "list", "set", ...where], { cwd })).objects();
  const [a, b, c] = (await list()).map(({ id }) => id as string);
  const entry = (at: number, more: object) =>
    JSON.stringify({ version: 1, id: String(at).repeat(24), at: "2026-01-01T00:00:00Z", ...more });
  mkdirSync(join(cwd, "labels"));
  const entries = [
    entry(1, { kind: "label", rows: [a], label: "keep", why: "neat" }),
    entry(2, { kind: "edit", row: b, text: "Edited?", solution: "\\boxed{5}", answer: "5" }),
    entry(3, { kind: "delete", rows: [c] }),
  ];
  writeFileSync(join(cwd, "labels", "ada.jsonl"), `${entries.join("\n")}\n=======\n`);
  const listed = await cli(["--json", "list", "set"], { cwd });
  assert.deepEqual(
    listed.objects().map(({ text, label }) => [text, label]),
    [
      ["Problem 0?", "keep"],
      ["Edited?", null],
      ["Problem 3?", null],
    ],
  );
  assert.match(listed.stderr, /labels\/ada\.jsonl:4: .*merge/);
  assert.deepEqual(
    (await list("--where", "edited=true")).map(({ parent }) => parent),
    [b],
  );
  const exported = await cli(["export", "set", "--to", "kept.jsonl", "--where", "label=keep"], { cwd });
  assert.equal(exported.code, 0, exported.stderr);
  const [row, ...more] = readText(join(cwd, "kept.jsonl")).trim().split("\n");
  assert.deepEqual([JSON.parse(row ?? "").problem, JSON.parse(row ?? "").label, more], ["Problem 0?", "keep", []]);
  const shown = await cli(["show", a as string], { cwd });
  assert.match(shown.stdout, /label +keep.*by ada.*: neat/);
  const gone = await cli(["show", c as string], { cwd });
  assert.match(gone.stdout, /not in set any more: deleted/);
  const rebuilt = await cli(["--json", "rebuild"], { cwd });
  assert.equal(rebuilt.objects()[0]?.rows, 4);
  assert.equal((await list()).length, 3);
});
