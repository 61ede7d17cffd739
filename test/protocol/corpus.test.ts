import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Query } from "#protocol/corpus.ts";
import { LabelLine } from "#protocol/files/labels.ts";
import { answerLine, keyOf, lines, makeJob, problemText } from "../corpus/harness.ts";
import { folder, problemOf, type ServerProcess, startServer } from "./harness.ts";

const LOCKER = fileURLToPath(new URL("lock-program.ts", import.meta.url));

const problem = (at: number) => ({ problem: `Problem ${at}?`, solution: `\\boxed{${at}}`, stage: at % 2 === 0 ? "grade" : "high" });
const query = (more: Partial<Query> = {}): Query => ({
  dataset: "set",
  where: [],
  sort: { field: "created", descending: false },
  limit: 50,
  ...more,
});

/** A server with a project that has so many problems in “set”. */
async function opened(t: TestContext, rows = 10, env: Record<string, string> = {}) {
  const place = folder(t, { "problems.jsonl": lines(...Array.from({ length: rows }, (_, at) => problem(at))) });
  const server = await startServer(t, { env });
  const { project } = place;
  const report = await server.request("corpus/import", { project, file: place.uri("problems.jsonl"), dataset: "set", progress: "import" });
  assert.equal(report.rows, rows);
  const page = async (more: Partial<Query> = {}) => await server.request("corpus/page", { project, query: query(more) });
  const index = join(place.path, ".jiuzhang", "corpus.db");
  return { ...place, server, page, index };
}

const datasetsOf = async (server: ServerProcess, project: string) => await server.request("corpus/datasets", { project });

describe("the corpus over the protocol", () => {
  test("rows are listed, counted, filtered, anchored and walked", async (t) => {
    const { server, project, page } = await opened(t, 60);
    const { datasets, problem } = await datasetsOf(server, project);
    assert.deepEqual([datasets.map(({ name, rows, accepted }) => [name, rows, accepted]), problem], [[["set", 60, 60]], null]);
    const first = await page({ limit: 7, brief: true });
    assert.ok(first.milliseconds > 0);
    assert.deepEqual([first.rows.length, first.rows[0]?.solution, first.rows[0]?.text], [7, null, "Problem 0?"]);
    const later = await page({ limit: 1, after: first.next as string, skip: 3 });
    assert.equal(later.rows[0]?.text, "Problem 10?");
    const where = [
      { field: "stage", op: "=", value: "grade" },
      { field: "stage", op: "=", value: "nowhere" },
    ] as const;
    const selection = { project, dataset: "set", where: [...where] };
    assert.equal((await server.request("corpus/count", selection)).rows, 30);
    assert.equal((await server.request("corpus/count", { ...selection, search: "problem" })).rows, 30);
    const { every, cursors, rows } = await server.request("corpus/anchors", { ...selection, sort: { field: "length", descending: true } });
    assert.deepEqual([rows, cursors.length], [30, Math.ceil(30 / every) - 1]);
    const { facets, histograms } = await server.request("corpus/facets", selection);
    assert.deepEqual(facets.find(({ field }) => field === "stage")?.values, [
      { value: "grade", total: 30, shown: 30 },
      { value: "high", total: 30, shown: 30 },
    ]);
    assert.deepEqual(facets.find(({ field }) => field === "accepted")?.values, [{ value: "true", total: 60, shown: 30 }]);
    assert.deepEqual(
      histograms.map(({ field, total }) => [field, total.reduce((sum, rows) => sum + rows, 0)]),
      [["length", 60]],
    );
    const walk = await server.request("corpus/walk", { project, id: later.rows[0]?.id as string });
    assert.deepEqual([walk.row.text, walk.source?.file, walk.source?.line, walk.labels], ["Problem 10?", "problems.jsonl", 11, []]);
  });

  test("labels, edits and deletions are written under the person's name, told, and taken back", async (t) => {
    const { server, project, page, path } = await opened(t, 4);
    const ids = (await page()).rows.map(({ id }) => id) as [string, string, string, string];
    const label = await server.request("corpus/label", { project, ids: ids.slice(0, 2), label: "keep", why: "  " });
    assert.equal(label.words, "2 rows labelled keep");
    await server.seen("corpus/changed", ({ reason, datasets }) => reason === "labels" && datasets?.[0] === "set");
    const edit = await server.request("corpus/edit", { project, id: ids[0], text: "Another?", solution: "", answer: "1" });
    assert.deepEqual([edit.row.text, edit.row.solution, edit.row.parent, edit.row.label], ["Another?", null, ids[0], null]);
    await server.request("corpus/delete", { project, ids: [ids[3]] });
    assert.deepEqual(
      (await page()).rows.map(({ text, label }) => [text, label]),
      [
        ["Another?", null],
        ["Problem 1?", "keep"],
        ["Problem 2?", null],
      ],
    );
    const walk = await server.request("corpus/walk", { project, id: edit.row.id });
    assert.deepEqual([walk.parent?.id, walk.parent?.by], [ids[0], "tester"]);
    const file = join(path, "labels", "tester.jsonl");
    const kinds = () =>
      readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => LabelLine.parse(JSON.parse(line)).kind);
    assert.deepEqual(kinds(), ["label", "edit", "delete"]);
    assert.equal((await server.request("corpus/undo", { project, entry: null })).undone?.words, "1 row deleted");
    assert.equal((await server.request("corpus/undo", { project, entry: label.entry })).undone?.words, "2 rows labelled keep");
    assert.equal((await server.request("corpus/undo", { project, entry: null })).undone?.kind, "edit");
    assert.equal((await server.request("corpus/undo", { project, entry: null })).undone, null);
    assert.deepEqual(
      (await page()).rows.map(({ id, label }) => [id, label]),
      ids.map((id) => [id, null]),
    );
    const late = await problemOf(server.request("corpus/edit", { project, id: edit.row.id, text: "Late?", solution: null, answer: null }));
    assert.deepEqual([late.code, late.remedy !== undefined], ["usage/not-found", true]);
  });

  test("a selection is exported with its labels, and a file is imported under the name that was dropped", async (t) => {
    const { server, project, page, path, put, uri } = await opened(t, 30);
    const [first] = (await page()).rows;
    await server.request("corpus/label", { project, ids: [first?.id as string], label: "keep", why: null });
    const where = [{ field: "label", op: "=", value: "keep" } as const];
    const to = pathToFileURL(join(path, "kept.jsonl")).href;
    const report = await server.request("corpus/export", { project, dataset: "set", where, search: "problem", to, progress: "out" });
    assert.deepEqual([report.rows, report.file], [1, "kept.jsonl"]);
    assert.equal(JSON.parse(readFileSync(join(path, "kept.jsonl"), "utf8")).label, "keep");
    await server.seen("progress", ({ token, progress }) => token === "out" && progress.done === 1);
    put("elsewhere/upload-1.jsonl", lines({ text: "One seed" }, { text: "Two seeds" }));
    const imported = await server.request("corpus/import", {
      project,
      file: uri("elsewhere/upload-1.jsonl"),
      dataset: null,
      name: "My seeds (2).jsonl",
      progress: "in",
    });
    assert.deepEqual([imported.dataset, imported.file, imported.rows], ["My-seeds-2-", "My seeds (2).jsonl", 2]);
    await server.seen("corpus/changed", ({ reason, datasets }) => reason === "rows" && datasets?.[0] === "My-seeds-2-");
    const seed = await server.request("seeds/pick", { project, dataset: null, pick: { how: "at", at: 2 } });
    assert.deepEqual([seed?.title, seed?.at, seed?.total, seed?.characters], ["Two seeds", 2, 2, 9]);
    const found = await server.request("seeds/search", { project, dataset: "My-seeds-2-", search: "one" });
    assert.deepEqual(
      found.seeds.map(({ title }) => title),
      ["One seed"],
    );
  });

  test("what a job of the terminal and a colleague's labels brought is taken in and told", async (t) => {
    const { server, project, path, page } = await opened(t, 2);
    const { answer } = makeJob(path, "job", [{ key: keyOf("a") }], { dataset: "set" });
    answer(answerLine(keyOf("a"), problemText("From a job?")));
    assert.equal((await datasetsOf(server, project)).datasets[0]?.rows, 3);
    await server.seen("corpus/changed", ({ reason, datasets }) => reason === "rows" && datasets === null);
    const [row] = (await page()).rows;
    mkdirSync(join(path, "labels"));
    const entry = {
      version: 1,
      id: "a".repeat(24),
      at: "2026-01-01T00:00:00Z",
      kind: "label",
      rows: [row?.id],
      label: "reject",
      why: "odd",
    };
    writeFileSync(join(path, "labels", "ben.jsonl"), `${lines(entry)}oops\n`);
    const { problem: told } = await datasetsOf(server, project);
    assert.deepEqual([told?.code, told?.where], ["labels/malformed-line", { file: "labels/ben.jsonl", line: 2 }]);
    await server.seen("corpus/changed", ({ reason, datasets }) => reason === "labels" && datasets === null);
    const walk = await server.request("corpus/walk", { project, id: row?.id as string });
    assert.deepEqual(walk.labels, [{ by: "ben", at: "2026-01-01T00:00:00.000Z", label: "reject", why: "odd" }]);
  });
});

describe("when things go wrong under the panel", () => {
  test("a dataset whose files are taken away while it is paged is told as gone, once the index is rebuilt", async (t) => {
    const { server, project, page, path } = await opened(t, 20);
    const { next } = await page({ limit: 5 });
    rmSync(join(path, ".jiuzhang", "imports"), { recursive: true });
    assert.equal((await page({ limit: 5, after: next as string })).rows.length, 5, "the index still has them");
    await server.request("corpus/rebuild", { project, progress: "rebuild" });
    await server.seen("corpus/changed", ({ reason }) => reason === "rebuilt");
    const gone = await problemOf(page({ after: next as string }));
    assert.deepEqual([gone.code, gone.message], ["usage/not-found", "There is no dataset “set”"]);
  });

  test("an index that is deleted comes back with the project's files, also in the middle of paging", async (t) => {
    const { page, index } = await opened(t, 20);
    const { next, rows } = await page({ limit: 5 });
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${index}${suffix}`, { force: true });
    assert.deepEqual((await page({ limit: 5 })).rows, rows);
    assert.equal((await page({ limit: 5, after: next as string })).rows[0]?.text, "Problem 5?");
  });

  test("a corrupted index is told, and a rebuild mends it; another process's rebuild is noticed", async (t) => {
    const { server, project, page, index } = await opened(t, 20);
    const label = (await page()).rows[0]?.id as string;
    await server.request("corpus/label", { project, ids: [label], label: "keep", why: null });
    const other = await startServer(t);
    assert.equal((await other.request("corpus/page", { project, query: query() })).rows.length, 20);
    for (const suffix of ["-wal", "-shm"]) rmSync(`${index}${suffix}`, { force: true });
    rmSync(index);
    writeFileSync(index, "garbage ".repeat(5000));
    const corrupt = await problemOf(page());
    assert.deepEqual([corrupt.code, /Rebuild Index/.test(corrupt.remedy ?? "")], ["index/corrupt", true]);
    assert.equal((await problemOf(datasetsOf(server, project))).code, "index/corrupt");
    const { rows } = await server.request("corpus/rebuild", { project, progress: "rebuild" });
    assert.equal(rows, 20);
    assert.equal((await page()).rows[0]?.label, "keep");
    assert.equal((await other.request("corpus/page", { project, query: query() })).rows[0]?.label, "keep");
  });

  test("while another process writes, rows are read, and whoever has to write is told who it is", async (t) => {
    const { server, project, page, index, path } = await opened(t, 20, { JIUZHANG_BUSY_MILLISECONDS: "300" });
    const locker = await lock(t, index);
    assert.equal((await page({ where: [{ field: "stage", op: "=", value: "grade" }] })).rows.length, 10);
    const [row] = (await page()).rows;
    const { answer } = makeJob(path, "job", [{ key: keyOf("a") }], { dataset: "set" });
    answer(answerLine(keyOf("a"), problemText("From a job?")));
    const { datasets, problem: told } = await datasetsOf(server, project);
    assert.equal(datasets[0]?.rows, 20);
    const refused = await problemOf(server.request("corpus/label", { project, ids: [row?.id as string], label: "keep", why: null }));
    assert.ok(!existsSync(join(path, "labels", "tester.jsonl")), "nothing was written");
    for (const one of [told, refused]) {
      assert.equal(one?.code, "index/locked");
      if (process.platform === "linux") {
        assert.equal(one?.data?.pid, locker.pid);
        assert.match(String(one?.data?.command), /lock-program\.ts/);
      }
    }
    locker.kill("SIGKILL");
    await once(locker, "exit");
    await server.request("corpus/label", { project, ids: [row?.id as string], label: "keep", why: null });
    assert.equal((await datasetsOf(server, project)).datasets[0]?.rows, 21);
  });

  test("labels that cannot be written are told, and nothing else changes", async (t) => {
    const { server, project, page, path } = await opened(t, 2);
    writeFileSync(join(path, "labels"), "in the way");
    const [row] = (await page()).rows;
    const refused = await problemOf(server.request("corpus/label", { project, ids: [row?.id as string], label: "keep", why: null }));
    assert.deepEqual([refused.code, refused.where?.file], ["labels/unwritable", "labels/tester.jsonl"]);
    assert.equal((await page()).rows[0]?.label, null);
    rmSync(join(path, "labels"));
    await server.request("corpus/label", { project, ids: [row?.id as string], label: "keep", why: null });
    assert.equal((await page()).rows[0]?.label, "keep");
  });

  test("requests are cancelled in their midst, and the next ones are answered", async (t) => {
    const { server, project, page, path } = await opened(t, 3_000);
    const hard = { field: "text", op: "~", value: "%a_a%b".repeat(400) } as const;
    const slow = { project, dataset: "set", where: Array.from({ length: 99 }, () => hard) };
    for (const begin of [
      (signal: AbortSignal) => server.request("corpus/page", { project, query: query({ where: slow.where }) }, signal),
      (signal: AbortSignal) => server.request("corpus/facets", slow, signal),
      (signal: AbortSignal) => server.request("corpus/anchors", { ...slow, sort: { field: "length", descending: false } }, signal),
    ]) {
      const abort = new AbortController();
      const cancelled = problemOf(begin(abort.signal));
      abort.abort();
      assert.equal((await cancelled).code, "cancelled");
    }
    const abort = new AbortController();
    const to = pathToFileURL(join(path, "out.jsonl")).href;
    const exporting = problemOf(server.request("corpus/export", { ...slow, to, progress: "out" }, abort.signal));
    abort.abort();
    assert.equal((await exporting).code, "cancelled");
    assert.equal((await page()).rows.length, 50);
    assert.equal(await server.stop(), 0);
    assert.deepEqual(
      readdirSync(path).filter((name) => name.startsWith("out")),
      [],
    );
  });

  test("two windows on one project label at once, as one person and as two", async (t) => {
    const { server, project, page, path } = await opened(t, 12);
    const ids = (await page()).rows.map(({ id }) => id);
    const others = [await startServer(t), await startServer(t, { person: "Ben" })];
    await Promise.all(
      [server, ...others].flatMap((one, at) =>
        ids.map((id) => one.request("corpus/label", { project, ids: [id], label: at === 1 ? "reject" : "keep", why: `${at}` })),
      ),
    );
    const entries = ["tester", "ben"].map(
      (name) =>
        readFileSync(join(path, "labels", `${name}.jsonl`), "utf8")
          .trim()
          .split("\n").length,
    );
    assert.deepEqual(entries, [24, 12]);
    const before = (await page()).rows;
    await server.request("corpus/rebuild", { project, progress: "rebuild" });
    assert.deepEqual((await page()).rows, before);
    for (const one of others) assert.deepEqual((await one.request("corpus/page", { project, query: query() })).rows, before);
  });

  test("a merge in the midst of a labels file is taken in with the next look", async (t) => {
    const { server, project, page, path } = await opened(t, 3);
    const ids = (await page()).rows.map(({ id }) => id) as [string, string, string];
    await server.request("corpus/label", { project, ids: [ids[0]], label: "keep", why: null });
    const file = join(path, "labels", "tester.jsonl");
    const own = readFileSync(file, "utf8");
    const theirs = own.replace(/"id":"[0-9a-f]+"/, `"id":"${"b".repeat(24)}"`).replace(ids[0], ids[1]);
    writeFileSync(file, `<<<<<<< HEAD\n${own}=======\n${theirs}>>>>>>> theirs\n`);
    assert.equal((await datasetsOf(server, project)).problem?.code, "labels/malformed-line");
    const labels = async () => (await page()).rows.map(({ label }) => label);
    assert.deepEqual(await labels(), ["keep", "keep", null]);
    writeFileSync(file, theirs + own);
    appendFileSync(file, own);
    assert.equal((await datasetsOf(server, project)).problem, null);
    assert.deepEqual(await labels(), ["keep", "keep", null]);
  });
});

/** A process that holds the index's write lock until it is killed. */
async function lock(t: TestContext, index: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [LOCKER, index], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}
