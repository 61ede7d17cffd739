import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { Query } from "#protocol/corpus.ts";
import { AppError, type ErrorCode } from "#protocol/errors.ts";
import { openWriter } from "../../server/src/store/open.ts";
import { createStore } from "../../server/src/store/threads.ts";
import type { CorpusStore } from "../../server/src/thread.ts";
import { answerLine, indexOf, keyOf, lines, makeJob, problemText, put, scratch } from "./harness.ts";

const ENTRY = fileURLToPath(new URL("../../server/src/thread.ts", import.meta.url));

function open(project = scratch(), entry: string = ENTRY): { project: string; store: CorpusStore } {
  const store: CorpusStore = createStore({ path: indexOf(project), project, entry });
  after(() => store.close());
  return { project, store };
}

const failsWith = (code: ErrorCode) => (thrown: unknown) => {
  assert.ok(thrown instanceof AppError, String(thrown));
  assert.equal(thrown.problem.code, code, thrown.problem.message);
  return true;
};

const byCreated = { field: "created", descending: false } as const;
const page = (dataset: string, more: Partial<Query> = {}): Query => ({ dataset, where: [], sort: byCreated, limit: 50, ...more });

describe("the index behind threads", () => {
  test("makes itself on the first read, imports with progress, and answers", async () => {
    const { project, store } = open();
    assert.deepEqual(await store.read("datasets", {}), []);
    const file = put(
      project,
      "a.jsonl",
      lines(
        { problem: "Area of a triangle?", solution: "\\boxed{6}", stage: "grade" },
        { problem: "Speed?", solution: "fast", stage: "high" },
      ),
    );
    const seen: string[] = [];
    const report = await store.write("importFile", { file, dataset: "set" }, { onProgress: ({ stage }) => seen.push(stage) });
    assert.equal(report.rows, 2);
    assert.ok(seen.includes("import"));
    assert.equal(await store.read("countRows", page("set", { where: [{ field: "stage", op: "=", value: "grade" }] })), 1);
    const to = join(project, "out.jsonl");
    assert.deepEqual(
      (await store.read("exportRows", { dataset: "set", where: [{ field: "accepted", op: "=", value: "true" }], to })).rows,
      1,
    );
    const [exported] = readFileSync(to, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual([exported.problem, exported.answer, exported.source.file], ["Area of a triangle?", "6", "a.jsonl"]);
  });

  test("searches what came since the last search, whatever the user types", async () => {
    const { project, store } = open();
    await store.write("importFile", {
      file: put(project, "a.jsonl", lines({ text: "A circle and a triangle" }, { text: "A square" })),
      dataset: "set",
    });
    const found = async (search: string) => (await store.read("listPage", page("set", { search }))).rows.map(({ text }) => text);
    assert.deepEqual(await found("triangle CIRCLE"), ["A circle and a triangle"]);
    await store.write("importFile", { file: put(project, "b.jsonl", lines({ text: "Another triangle, late" })), dataset: "set" });
    assert.deepEqual(await found("triangle"), ["A circle and a triangle", "Another triangle, late"]);
    assert.equal(await store.read("countRows", page("set", { search: "triangle" })), 2);
    for (const text of [
      '"',
      "AND",
      "a OR",
      "NEAR(",
      "text:circle*",
      "-square",
      "^a",
      "'; DROP TABLE row",
      "{}",
      "()",
      "\u0000",
      "+ - *",
      "é\u0301",
    ])
      await found(text);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => void (await found(text))),
      { numRuns: 50 },
    );
  });

  test("a cancelled read ends its thread at once, and the next one works", async () => {
    const { project, store } = open();
    await store.write("importFile", {
      file: put(project, "a.jsonl", lines(...Array.from({ length: 200 }, (_, at) => ({ text: `${"a".repeat(3000)}${at}` })))),
      dataset: "set",
    });
    const controller = new AbortController();
    const slow = store.read(
      "countRows",
      page("set", { where: Array.from({ length: 60 }, () => ({ field: "text", op: "~", value: "%a_a%b".repeat(400) }) as const) }),
      { signal: controller.signal },
    );
    controller.abort();
    await assert.rejects(slow, failsWith("cancelled"));
    await assert.rejects(store.read("datasets", {}, { signal: AbortSignal.abort() }), failsWith("cancelled"));
    assert.equal((await store.read("datasets", {})).length, 1);
  });

  test("a cancelled read ends no read that began beside it", async () => {
    const { project, store } = open();
    await store.write("importFile", {
      file: put(project, "a.jsonl", lines(...Array.from({ length: 400 }, (_, at) => ({ text: `${"a".repeat(3000)}${at}` })))),
      dataset: "set",
    });
    // One reader is there already, and both could have it.
    await store.read("datasets", {});
    const controller = new AbortController();
    // Compared anew from each letter on: seconds of work, which only the end of its thread stops.
    const where = [{ field: "text", op: "~", value: `${"a".repeat(1500)}b` } as const];
    const slow = store.read("countRows", page("set", { where }), { signal: controller.signal });
    const beside = store.read("datasets", {});
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await assert.rejects(slow, failsWith("cancelled"));
    assert.equal((await beside).length, 1);
  });

  test("a cancelled import stops at a transaction, stays so when files are taken in and in a rebuild, and goes on when it is imported again", async () => {
    const { project, store } = open();
    const file = put(project, "a.jsonl", lines(...Array.from({ length: 5_000 }, (_, at) => ({ text: `text ${at}` }))));
    const controller = new AbortController();
    const importing = store.write(
      "importFile",
      { file, dataset: "set", transactionRows: 10 },
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    await assert.rejects(importing, failsWith("cancelled"));
    const rows = async () => (await store.read("datasets", null)).find(({ name }) => name === "set")?.rows ?? 0;
    const taken = await rows();
    assert.ok(taken >= 10 && taken < 5_000, `${taken} rows`);
    await store.write("catchUp", {});
    assert.equal(await rows(), taken);
    await store.write("rebuild", {});
    assert.equal(await rows(), taken);
    assert.equal((await store.write("importFile", { file, dataset: "set" })).rows, 5_000);
    await store.write("rebuild", {});
    assert.equal(await rows(), 5_000);
  });

  test("a writer that dies is told, and the next write has a new one", async () => {
    const project = scratch();
    const flag = join(project, "die");
    // A thread that ends itself as a crash would, as long as the flag is there.
    const entry = put(
      project,
      "dying-thread.mjs",
      `import { existsSync } from "node:fs";
       import { parentPort } from "node:worker_threads";
       parentPort.once("message", () => { if (existsSync(${JSON.stringify(flag)})) process.exit(3); });
       await import(${JSON.stringify(ENTRY)});`,
    );
    const { store } = open(project, entry);
    writeFileSync(flag, "");
    await assert.rejects(store.write("catchUp", {}), failsWith("index/unavailable"));
    rmSync(flag);
    assert.deepEqual((await store.write("catchUp", {})).problems, []);
  });

  test("errors come across with everything they say", async () => {
    const { store } = open();
    await assert.rejects(store.read("listPage", page("nothing")), failsWith("usage/not-found"));
    await assert.rejects(store.read("walk", { id: "abc" }), failsWith("usage/not-found"));
    await assert.rejects(store.write("importFile", { file: "/nowhere.jsonl", dataset: "set" }), (thrown: AppError) => {
      assert.deepEqual([thrown.problem.code, thrown.problem.where], ["import/unreadable", { file: "/nowhere.jsonl" }]);
      return true;
    });
  });

  test("a damaged index is told, and rebuild makes a new one from the files", async () => {
    const project = scratch();
    const first = createStore<Record<string, never>, Record<string, never>>({
      path: indexOf(project),
      project,
      entry: ENTRY,
    }) as unknown as CorpusStore;
    await first.write("importFile", { file: put(project, "a.jsonl", lines({ text: "A text" })), dataset: "set" });
    await first.close();
    writeFileSync(indexOf(project), "garbage ".repeat(2000));
    const { store } = open(project);
    await assert.rejects(store.read("datasets", {}), failsWith("index/corrupt"));
    await assert.rejects(store.write("catchUp", {}), failsWith("index/corrupt"));
    assert.equal((await store.write("rebuild", {})).rows, 1);
    assert.equal((await store.read("datasets", {}))[0]?.rows, 1);
  });

  test("a rebuild by another process is noticed", async () => {
    const { project, store } = open();
    await store.write("importFile", { file: put(project, "a.jsonl", lines({ text: "A text" })), dataset: "set" });
    assert.equal((await store.read("datasets", {})).length, 1);
    const other = open(project);
    await other.store.write("rebuild", {});
    await other.store.write("importFile", { file: put(project, "b.jsonl", lines({ text: "B text" })), dataset: "set" });
    assert.equal((await store.read("datasets", {}))[0]?.rows, 2);
    assert.equal((await store.write("importFile", { file: join(project, "b.jsonl"), dataset: "set" })).duplicates, 1);
  });

  test("ids: any unique beginning names a row, others are told apart", async () => {
    const { project, store } = open();
    await store.write("importFile", {
      file: put(project, "a.jsonl", lines(...Array.from({ length: 300 }, (_, at) => ({ text: `text ${at}` })))),
      dataset: "set",
    });
    const [row] = (await store.read("listPage", page("set", { limit: 1 }))).rows;
    const id = row?.id as string;
    assert.equal((await store.read("walk", { id: id.slice(0, 12).toUpperCase() })).row.id, id);
    await assert.rejects(store.read("walk", { id: id.slice(0, 1) }), (thrown: AppError) => {
      assert.equal(thrown.problem.code, "usage/invalid-argument");
      assert.equal(((thrown.problem.data?.candidates ?? []) as string[]).length, 5);
      return true;
    });
    const wrong = `${id.slice(0, 8)}${id[8] === "0" ? "1" : "0"}`;
    await assert.rejects(store.read("walk", { id: wrong }), (thrown: AppError) => {
      assert.equal(thrown.problem.code, "usage/not-found");
      assert.ok(((thrown.problem.data?.candidates ?? []) as string[]).includes(id));
      return true;
    });
  });
});

test("pages by keyset give each row exactly once, in order, while rows are being added", async () => {
  const { project, store } = open();
  const keys = Array.from({ length: 400 }, (_, at) => keyOf(String(at)));
  const job = makeJob(
    project,
    "job",
    keys.map((key) => ({ key })),
  );
  const add = async (from: number, to: number) => {
    for (let at = from; at < to; at++) {
      const second = String(at % 7).padStart(2, "0");
      job.answer(answerLine(keys[at] as string, problemText(`Triangle ${"x".repeat(at % 5)} ${at}`), `2026-01-01T00:00:${second}.000Z`));
    }
    await store.write("ingestJob", { dir: job.dir });
  };
  let added = 100;
  await add(0, added);
  const shapes = fc.record({
    field: fc.constantFrom("created", "length", "tokens"),
    descending: fc.boolean(),
    limit: fc.integer({ min: 7, max: 60 }),
    search: fc.boolean(),
    filtered: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(shapes, async ({ field, descending, limit, search, filtered }) => {
      const there = new Set((await store.read("listPage", page("made", { limit: 500 }))).rows.map(({ id }) => id));
      const seen: string[] = [];
      let last: number | null = null;
      let after: string | null = null;
      do {
        const query: Query = page("made", {
          sort: { field, descending },
          limit,
          ...(search ? { search: "triangle" } : {}),
          ...(filtered ? { where: [{ field: "verdict.answer", op: "=", value: "pass" }] } : {}),
          ...(after === null ? {} : { after }),
        });
        const found: { rows: { id: string; text: string | null; tokens: number | null; created: string }[]; next: string | null } =
          await store.read("listPage", query);
        for (const row of found.rows) {
          const value =
            field === "created" ? Date.parse(row.created) : field === "tokens" ? (row.tokens as number) : (row.text as string).length;
          assert.ok(last === null || (descending ? value <= last : value >= last));
          last = value;
          seen.push(row.id);
        }
        after = found.next;
        if (added < keys.length) {
          await add(added, added + 3);
          added += 3;
        }
      } while (after !== null);
      assert.equal(new Set(seen).size, seen.length);
      for (const id of there) assert.ok(seen.includes(id));
    }),
    { numRuns: 15 },
  );
  const sql = openWriter(indexOf(project));
  const counted = sql.prepare("SELECT sum(rows) AS n FROM tally").get<{ n: number }>();
  assert.equal(sql.prepare("SELECT count(*) AS n FROM row").get<{ n: number }>()?.n, counted?.n);
  sql.close();
});

test("a label does not wait for the end of a long import, and a cancelled export leaves nothing behind", async () => {
  const { project, store } = open();
  await store.write("importFile", { file: put(project, "a.jsonl", lines({ text: "A text" })), dataset: "set" });
  const [row] = (await store.read("listPage", page("set"))).rows;
  const rows = Array.from({ length: 5_000 }, (_, at) => ({ text: `text ${at}` }));
  const order: string[] = [];
  let labelled: Promise<unknown> | undefined;
  const importing = store
    .write(
      "importFile",
      { file: put(project, "b.jsonl", lines(...rows)), dataset: "set", transactionRows: 10 },
      {
        onProgress: () => {
          const wanted = { kind: "label", rows: [row?.id as string], label: "keep", why: null } as const;
          labelled ??= store.write("changeRows", { person: "ada", wanted }).then(() => order.push("label"));
        },
      },
    )
    .then(() => order.push("import"));
  await importing;
  await labelled;
  assert.deepEqual(order, ["label", "import"]);
  assert.equal((await store.read("listPage", page("set"))).rows[0]?.label, "keep");

  const controller = new AbortController();
  const to = join(project, "out.jsonl");
  const exporting = store.read(
    "exportRows",
    { dataset: "set", where: [], to },
    { signal: controller.signal, onProgress: () => controller.abort() },
  );
  await assert.rejects(exporting, failsWith("cancelled"));
  await store.close();
  assert.deepEqual(
    readdirSync(project).filter((name) => name.startsWith("out")),
    [],
  );
});

test("a short write of another connection gets its turn while a long import runs", async (t) => {
  const { project, store } = open();
  await store.write("importFile", { file: put(project, "a.jsonl", lines({ text: "A text" })), dataset: "set" });
  const [row] = (await store.read("listPage", page("set"))).rows;
  const other = open(project).store;
  const rows = Array.from({ length: 150_000 }, (_, at) => ({ text: `${"word ".repeat(60)}${at}` }));
  const order: string[] = [];
  const began = performance.now();
  let labelled: Promise<unknown> | undefined;
  const importing = store
    .write(
      "importFile",
      { file: put(project, "b.jsonl", rows.map((row) => `${JSON.stringify(row)}\n`).join("")), dataset: "set", transactionRows: 2_000 },
      {
        onProgress: () => {
          const wanted = { kind: "label", rows: [row?.id as string], label: "keep", why: null } as const;
          labelled ??= other.write("changeRows", { person: "ada", wanted }).then(() => order.push("label"));
        },
      },
    )
    .then(() => order.push("import"));
  await importing;
  const seconds = (performance.now() - began) / 1000;
  await labelled;
  if (seconds < 3) return t.skip("the import was over before it paused");
  assert.deepEqual(order, ["label", "import"]);
});
