import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AppError, type ErrorCode } from "#protocol/errors.ts";
import { LabelLine } from "#protocol/files/labels.ts";
import { countRows } from "../../server/src/corpus/counts.ts";
import { datasets } from "../../server/src/corpus/dataset.ts";
import { exportRows } from "../../server/src/corpus/export.ts";
import { listPage } from "../../server/src/corpus/page.ts";
import { seedLine } from "../../server/src/corpus/seed-line.ts";
import { walk } from "../../server/src/corpus/walk.ts";
import { catchUp } from "../../server/src/ingest/catch-up.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { changeRows, type Wanted } from "../../server/src/labels/change.ts";
import { answerLine, contextOf, dump, keyOf, lines, makeJob, problemText, put, RULE, rebuilt, ruleOf, scratch } from "../corpus/harness.ts";

const PROGRAM = fileURLToPath(new URL("label-program.ts", import.meta.url));

/** A project with so many problems in the dataset “set”. */
async function problems(count: number) {
  const project = scratch();
  const context = contextOf(project);
  const rows = Array.from({ length: count }, (_, at) => ({ problem: `Problem ${at}?`, solution: `\\boxed{${at}}` }));
  await importFile(context, { file: put(project, "problems.jsonl", lines(...rows)), dataset: "set" });
  const shown = () => listPage(context.sql, { dataset: "set", where: [], sort: { field: "created", descending: false }, limit: 100 }).rows;
  const does = (wanted: Wanted, person = "Ada") => changeRows(context, { person, wanted });
  const label = (rows: string[], value: "keep" | "reject" | null, why: string | null = null, person?: string) =>
    does({ kind: "label", rows, label: value, why }, person);
  const undo = (entry: string | null = null, person?: string) => does({ kind: "undo", entry }, person);
  const edit = (row: string, text: string, person?: string) =>
    does({ kind: "edit", row, text, solution: "\\boxed{1}", answer: "1" }, person);
  const file = join(project, "labels", "ada.jsonl");
  const written = () =>
    readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => LabelLine.parse(JSON.parse(line)));
  return { project, context, sql: context.sql, shown, ids: shown().map(({ id }) => id), does, label, undo, edit, file, written };
}

const failsWith = (code: ErrorCode) => (thrown: unknown) => {
  assert.ok(thrown instanceof AppError, String(thrown));
  assert.equal(thrown.problem.code, code, thrown.problem.message);
  assert.ok(thrown.problem.remedy !== undefined || code === "cancelled");
  return true;
};

describe("labels, edits, deletions and what takes them back", () => {
  test("a label is written, counted, filtered by and told in words; the latest counts", async () => {
    const { ids, label, written, sql, undo, shown } = await problems(3);
    const [a, b] = ids as [string, string, string];
    const first = await label([a, b, a], "keep", "good ones");
    assert.deepEqual([first.change?.words, first.change?.rows, first.datasets], ["2 rows labelled keep", 2, ["set"]]);
    await label([b], "reject");
    assert.deepEqual(
      shown().map((row) => row.label),
      ["keep", "reject", null],
    );
    const count = (value: string) => countRows(sql, { dataset: "set", where: [{ field: "label", op: "=", value }] });
    assert.deepEqual(["keep", "reject", "none"].map(count), [1, 1, 1]);
    assert.deepEqual(
      written().map((entry) => (entry.kind === "label" ? [entry.rows, entry.label, entry.why] : entry)),
      [
        [[a, b], "keep", "good ones"],
        [[b], "reject", null],
      ],
    );
    const undone = await undo();
    assert.equal(undone.change?.words, "1 row labelled reject");
    assert.equal((await undo()).change?.words, "2 rows labelled keep");
    assert.equal((await undo()).change, null);
    assert.deepEqual(
      shown().map((row) => row.label),
      [null, null, null],
    );
  });

  test("an edit stands in its row's place, walks back to the same source, and takes an own look from every check", async () => {
    const project = scratch();
    const context = contextOf(project);
    const seeds = put(
      project,
      "seeds.jsonl",
      lines({ text: "Ann walks from the old mill to the market every single morning before school." }),
    );
    await importFile(context, { file: seeds, dataset: "seeds" });
    const seed = context.sql.prepare("SELECT id FROM row").get<{ id: string }>()?.id as string;
    const { answer } = makeJob(project, "job", [
      { key: keyOf("a"), seed: { id: seed, dataset: "seeds" } },
      { key: keyOf("b") },
      { key: keyOf("c") },
    ]);
    answer(
      answerLine(keyOf("a"), "nothing", "2026-01-01T00:00:30.000Z"),
      answerLine(keyOf("b"), problemText("B?")),
      answerLine(keyOf("c"), problemText("C?")),
    );
    await catchUp(context, ruleOf);
    const shown = () => listPage(context.sql, { dataset: "made", where: [], sort: { field: "created", descending: false }, limit: 9 }).rows;
    const parent = shown()[0]?.id as string;
    const copied = "Ann walks from the old mill to the market every single morning before school.";
    const wanted = { kind: "edit", row: parent, text: copied, solution: null, answer: null } as const;
    const { row } = await changeRows(context, { person: "ada", wanted });
    assert.deepEqual(
      row?.verdicts.map(({ check, value }) => [check, value]),
      [
        ["parse", "pass"],
        ["answer", "fail"],
        ["copy", "fail"],
        ["duplicate", "pass"],
      ],
    );
    assert.deepEqual([row?.parent, row?.stage, row?.format, row?.accepted], [parent, "grade", "nl", false]);
    assert.deepEqual(
      shown().map(({ text }) => text),
      [copied, "B?", "C?"],
    );
    const twin = await changeRows(context, {
      person: "ada",
      wanted: { kind: "edit", row: row?.id as string, text: "c?", solution: "\\boxed{4}", answer: "4" },
    });
    // The edited row came before the other one, so it is the original of the two.
    assert.deepEqual(
      shown().map(({ text, accepted }) => [text, accepted]),
      [
        ["c?", true],
        ["B?", true],
        ["C?", false],
      ],
    );
    const walked = await walk(context, twin.row?.id as string, { rule: () => RULE, seedLine });
    assert.deepEqual([walked.response?.raw, walked.seed?.id, walked.parent?.id, walked.parent?.by], ["nothing", seed, row?.id, "ada"]);
    const old = await walk(context, parent, { rule: () => RULE, seedLine });
    assert.deepEqual([old.row.dataset, old.hidden, old.row.parent], ["made", "edited", null]);
    const to = join(project, "out.jsonl");
    await exportRows(context, { dataset: "made", where: [{ field: "edited", op: "=", value: "true" }], to });
    const [line] = readFileSync(to, "utf8")
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text));
    assert.deepEqual([line.problem, line.parent, line.label, line.seed], ["c?", row?.id, null, seed]);
    const live = dump(context.sql);
    context.sql.close();
    await rebuilt(project, live);
  });

  test("a deleted row is in no list, search, count or export, and comes back", async () => {
    const { ids, does, undo, sql, shown, context, project } = await problems(3);
    const revision = () => datasets(sql)[0]?.revision;
    const before = { rows: shown(), revision: revision() };
    const { change } = await does({ kind: "delete", rows: [ids[1] as string] });
    assert.equal(change?.words, "1 row deleted");
    assert.deepEqual(
      shown().map(({ id }) => id),
      [ids[0], ids[2]],
    );
    assert.equal(datasets(sql)[0]?.rows, 2);
    assert.notEqual(revision(), before.revision);
    assert.equal((await exportRows(context, { dataset: "set", where: [], to: join(project, "out.jsonl") })).rows, 2);
    const walked = await walk(context, ids[1] as string, { rule: () => RULE, seedLine });
    assert.deepEqual([walked.hidden, walked.row.dataset], ["deleted", "set"]);
    await undo(change?.entry as string);
    assert.deepEqual({ rows: shown(), revision: revision() }, before);
  });

  test("an entry in the middle is taken back, by its name and by another person", async () => {
    const { ids, edit, undo, shown, does } = await problems(1);
    const first = await edit(ids[0] as string, "Second?");
    const second = await edit(first.row?.id as string, "Third?", "Ben");
    await does({ kind: "delete", rows: [second.row?.id as string] }, "Ben");
    assert.deepEqual(shown(), []);
    await undo(first.change?.entry as string, "Ben");
    assert.deepEqual(
      shown().map(({ text }) => text),
      ["Problem 0?"],
    );
    await assert.rejects(undo("0".repeat(24)), failsWith("usage/not-found"));
    assert.equal((await undo(first.change?.entry as string)).change, null, "taken back already");
    assert.equal((await undo()).change, null, "Ada's only entry is taken back");
  });

  test("what cannot be done is said, and nothing is written", async () => {
    const { ids, label, edit, does, file, project, context } = await problems(2);
    const [a, b] = ids as [string, string];
    await assert.rejects(label(["0".repeat(24)], "keep"), failsWith("usage/not-found"));
    await assert.rejects(edit(a, " \n"), failsWith("usage/invalid-argument"));
    await assert.rejects(edit(a, "a\0b"), failsWith("usage/invalid-argument"));
    await assert.rejects(
      does({ kind: "edit", row: a, text: "Problem 0?", solution: "\\boxed{0}", answer: "0" }),
      (thrown: AppError) => failsWith("usage/invalid-argument")(thrown) && /Nothing was changed/.test(thrown.message),
    );
    await importFile(context, { file: put(project, "seeds.jsonl", lines({ text: "a seed" })), dataset: "seeds" });
    const seed = context.sql.prepare("SELECT id FROM row WHERE kind = 0").get<{ id: string }>()?.id as string;
    await assert.rejects(edit(seed, "other"), failsWith("usage/invalid-argument"));
    assert.ok(!existsSync(file));
    await edit(a, "Other?");
    await assert.rejects(edit(a, "Late?"), failsWith("usage/not-found"));
    assert.equal((await label([a, b], "keep")).change?.words, "1 row labelled keep, 1 not there any more");
  });

  test("a later entry counts although the clock was turned back", async () => {
    const { ids, label, shown, file, project } = await problems(1);
    mkdirSync(join(project, "labels"));
    const future = { version: 1, id: "f".repeat(24), at: "2099-01-01T00:00:00.000Z", kind: "label", rows: ids, label: "reject", why: null };
    writeFileSync(join(project, "labels", "ben.jsonl"), lines(future));
    await label(ids, "keep");
    assert.equal(shown()[0]?.label, "keep");
    assert.match(readFileSync(file, "utf8"), /"at":"2099-01-01T00:00:00.001Z"/);
  });
});

describe("labels files that are not as they should be", () => {
  test("each bad line is told with its file and line, and the others count", async () => {
    const { project, ids, context, shown, label } = await problems(3);
    await label([ids[0] as string], "keep");
    const path = join(project, "labels", "ada.jsonl");
    const good = readFileSync(path, "utf8").trim();
    const other = (at: number, more: object = {}) =>
      JSON.stringify({ ...JSON.parse(good), id: String(at).repeat(24), rows: [ids[at]], ...more });
    writeFileSync(
      path,
      `<<<<<<< HEAD\n${other(1)}\n=======\r\n${other(2)}\r\n>>>>>>> branch\n{"torn\n[]\n\n${other(3, { version: 2 })}\n${other(4, { label: "good" })}\n${good}\n${good}\n${other(1, { label: "reject" })}\n{"version":1,"id`,
    );
    const { problems: told } = await catchUp(context, ruleOf);
    assert.deepEqual(
      told.map(({ code, where }) => [code, where?.file, where?.line]),
      [1, 3, 5, 6, 7, 9, 10, 13, 14].map((line) => ["labels/malformed-line", "labels/ada.jsonl", line]),
    );
    for (const { remedy } of told) assert.ok(remedy !== undefined);
    assert.deepEqual(
      shown().map((row) => row.label),
      ["keep", "keep", "keep"],
    );
    assert.equal((await catchUp(context, ruleOf)).problems.length, told.length, "told again as long as they stand there");
    // What a killed writer left of a line of ours is cut off before the next one.
    await label([ids[0] as string], "reject");
    assert.deepEqual(
      (await catchUp(context, ruleOf)).problems.map(({ where }) => where?.line),
      [1, 3, 5, 6, 7, 9, 10, 13],
    );
    assert.equal(shown()[0]?.label, "reject");
  });

  test("a last line without an end counts where it is whole, and is ended by the next entry", async () => {
    const { project, ids, shown, label } = await problems(2);
    await label([ids[0] as string], "keep");
    const path = join(project, "labels", "ada.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").trimEnd());
    await label([ids[1] as string], "reject");
    assert.deepEqual(
      shown().map((row) => row.label),
      ["keep", "reject"],
    );
    appendFileSync(path, "some words");
    await label([ids[1] as string], "keep");
    assert.match(readFileSync(path, "utf8"), /\nsome words\n\{/);
    appendFileSync(path, '{"ver');
    await label([ids[1] as string], "reject");
    assert.doesNotMatch(readFileSync(path, "utf8"), /\{"ver\n/);
  });

  test("a file that cannot be written is told, and the index stays as it was", async () => {
    const { project, context, ids, label, sql } = await problems(1);
    mkdirSync(join(project, "labels", "ada.jsonl"), { recursive: true });
    const before = dump(sql);
    await assert.rejects(label(ids, "keep"), (thrown: AppError) => {
      failsWith("labels/unwritable")(thrown);
      assert.deepEqual(thrown.problem.where, { file: "labels/ada.jsonl" });
      return true;
    });
    assert.deepEqual(dump(sql), before);
    await label(ids, "keep", null, "Ben");
    assert.deepEqual(
      (await catchUp(context, ruleOf)).problems.map(({ message }) => message),
      ["This is not a file"],
    );
  });

  test("where the folder is a file, labels are unwritable and nothing else fails", async () => {
    const { project, context, ids, label } = await problems(1);
    writeFileSync(join(project, "labels"), "");
    await assert.rejects(label(ids, "keep"), failsWith("labels/unwritable"));
    assert.deepEqual((await catchUp(context, ruleOf)).problems, []);
  });
});

test("two processes that label as one person lose nothing of each other", async () => {
  const { project, ids, context, file } = await problems(4);
  context.sql.close();
  const run = (label: string) =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, [PROGRAM, project, label, ...ids], { stdio: ["ignore", "ignore", "inherit"] });
      child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}`))));
    });
  await Promise.all([run("keep"), run("reject")]);
  const entries = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => LabelLine.parse(JSON.parse(line)));
  assert.equal(entries.length, 2 * 4 * 5);
  assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length);
  const times = entries.map(({ at }) => at);
  assert.deepEqual(times, [...times].sort(), "each is later than what stood there");
  const again = contextOf(project);
  await catchUp(again, ruleOf);
  const live = dump(again.sql);
  const last = entries.at(-1);
  const row = again.sql
    .prepare("SELECT label FROM row WHERE id = ?")
    .get<{ label: number }>(last?.kind === "label" ? (last.rows[0] as string) : "");
  assert.equal(row?.label, last?.kind === "label" && last.label === "keep" ? 1 : 0);
  again.sql.close();
  await rebuilt(project, live);
});
