import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { LabelLine } from "#protocol/files/labels.ts";
import { datasets } from "../../server/src/corpus/dataset.ts";
import { listPage } from "../../server/src/corpus/page.ts";
import { makeSearchable } from "../../server/src/corpus/search.ts";
import { catchUp } from "../../server/src/ingest/catch-up.ts";
import { editedId } from "../../server/src/ingest/ids.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { ingestJob } from "../../server/src/ingest/ingest-job.ts";
import { changeRows, type Wanted } from "../../server/src/labels/change.ts";
import { takeInLabels } from "../../server/src/labels/take-in.ts";
import {
  answerLine,
  contextOf,
  dump,
  keyOf,
  lines,
  makeJob,
  problemText,
  put,
  rebuilt,
  rowsOf,
  ruleOf,
  scratch,
} from "../corpus/harness.ts";

const PEOPLE = ["ada", "ben"] as const;
const TEXTS = ["How many sheep?", "how  many SHEEP?", "How many cows?", "A farmer has seven sheep and buys five more at the market"];

/** One thing that somebody does; numbers choose among what is there by then. */
interface Act {
  person: (typeof PEOPLE)[number];
  kind: "label" | "edit" | "delete" | "undo";
  targets: number[];
  label: "keep" | "reject" | null;
  text: string;
  /** Small, so that times collide. */
  second: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  person: fc.constantFrom(...PEOPLE),
  kind: fc.constantFrom("label", "edit", "edit", "delete", "undo"),
  targets: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 3 }),
  label: fc.constantFrom("keep", "reject", null),
  text: fc.constantFrom(...TEXTS),
  second: fc.nat({ max: 9 }),
});

/** Turns acts into entries about rows; an edit's own row can be the target of later ones. */
function entriesFrom(acts: Act[], roots: string[]): { person: string; entry: LabelLine }[] {
  const ids = [...roots];
  const made: { person: string; entry: LabelLine }[] = [];
  for (const [at, { person, kind, targets, label, text, second }] of acts.entries()) {
    const base = {
      version: 1,
      id: keyOf(`entry ${at}`).slice(0, 24),
      at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
    } as const;
    const rows = targets.map((target) => ids[target % ids.length] as string);
    const row = rows[0] as string;
    if (kind === "label") made.push({ person, entry: { ...base, kind, rows, label, why: null } });
    else if (kind === "delete") made.push({ person, entry: { ...base, kind, rows } });
    else if (kind === "edit") {
      const edit = { text, solution: "\\boxed{1}", answer: "1" };
      made.push({ person, entry: { ...base, kind, row, ...edit } });
      ids.push(editedId(row, edit, base.id));
    } else {
      const other = made.length === 0 ? undefined : made[(targets[0] as number) % made.length];
      if (other !== undefined) made.push({ person, entry: { ...base, kind, entry: other.entry.id } });
    }
  }
  return made;
}

/** What people see in a row's place, told the simple way: by id and label, or nothing. */
function wanted(entries: LabelLine[], root: string): string | null {
  const undone = new Set(entries.flatMap((entry) => (entry.kind === "undo" ? [entry.entry] : [])));
  const inForce = entries.filter(({ id }) => !undone.has(id)).sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.id < b.id ? -1 : 1));
  for (let id = root; ; ) {
    const edit = inForce.findLast((entry) => entry.kind === "edit" && entry.row === id);
    if (edit?.kind === "edit") {
      id = editedId(id, edit, edit.id);
      continue;
    }
    if (inForce.some((entry) => entry.kind === "delete" && entry.rows.includes(id))) return null;
    const label = inForce.findLast((entry) => entry.kind === "label" && entry.rows.includes(id));
    return `${id} ${label?.kind === "label" ? label.label : null}`;
  }
}

/** A project with imported and generated problems, some of them equal; the job's answers come when they are asked for. */
function project() {
  const dir = scratch();
  const keys = ["a", "b", "c", "d"].map(keyOf);
  const job = makeJob(
    dir,
    "job",
    keys.map((key) => ({ key })),
    { dataset: "set" },
  );
  const answers = [TEXTS[0], TEXTS[1], "nothing to parse", TEXTS[3]].map((text, at) =>
    answerLine(keys[at] as string, at === 2 ? (text as string) : problemText(text as string), `2026-01-01T00:00:0${at}.000Z`),
  );
  const failed = (key: string) => ({ custom_id: key, response: null, error: { code: "model/reset", message: "reset" } });
  return {
    dir,
    answerSome: (from: number, to: number) => job.answer(...answers.slice(from, to)),
    /** Errors, whose rows the answers take the place of. */
    failFrom: (from: number) => job.answer(...keys.slice(from).map(failed)),
  };
}

const seen = (context: ReturnType<typeof contextOf>): string[] =>
  listPage(context.sql, { dataset: "set", where: [], sort: { field: "created", descending: false }, limit: 100 })
    .rows.map(({ id, label }) => `${id} ${label}`)
    .sort();

test("labels of two persons taken in in any order and any pieces are those of a rebuild, and undone ones leave no trace", async () => {
  const cuts = fc.array(fc.nat({ max: 3000 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { maxLength: 14 }),
      cuts,
      fc.nat({ max: 4 }),
      fc.boolean(),
      fc.boolean(),
      async (acts, pieces, late, failing, turned) => {
        const { dir, answerSome, failFrom } = project();
        const context = contextOf(dir);
        const imported = lines({ problem: TEXTS[1], solution: "\\boxed{2}" }, { problem: "Alone?", solution: "none" });
        await importFile(context, { file: put(dir, "problems.jsonl", imported), dataset: "set" });
        answerSome(0, 4 - late);
        if (failing) failFrom(4 - late);
        await catchUp(context, ruleOf);
        // Ids of all rows, also of those that come late, from a project of the same files.
        const whole = project();
        whole.answerSome(0, 4);
        const other = contextOf(whole.dir);
        await importFile(other, { file: join(dir, "problems.jsonl"), dataset: "set" });
        await catchUp(other, ruleOf);
        const roots = other.sql
          .prepare("SELECT id FROM row ORDER BY id")
          .all<{ id: string }>()
          .map(({ id }) => id);
        other.sql.close();

        const made = entriesFrom(acts, roots);
        const contents = PEOPLE.map((person) => {
          const own = made.filter((one) => one.person === person).map(({ entry }) => entry);
          return { file: join(dir, "labels", `${person}.jsonl`), bytes: Buffer.from(lines(...(turned ? own.reverse() : own))), at: 0 };
        });
        mkdirSync(join(dir, "labels"));
        for (const [step, piece] of pieces.entries()) {
          const content = contents[step % 2] as (typeof contents)[number];
          appendFileSync(content.file, content.bytes.subarray(content.at, content.at + piece));
          content.at = Math.min(content.bytes.length, content.at + piece);
          takeInLabels(context);
          if (step === 1) await makeSearchable(context);
        }
        for (const { file, bytes, at } of contents) appendFileSync(file, bytes.subarray(at));
        answerSome(4 - late, 4);
        await catchUp(context, ruleOf);
        await makeSearchable(context);

        const all = made.map(({ entry }) => entry);
        assert.deepEqual(
          seen(context),
          roots
            .map((root) => wanted(all, root))
            .filter((one) => one !== null)
            .sort(),
        );
        const searchable = context.sql.prepare("SELECT count(*) AS n FROM search").get<{ n: number }>()?.n;
        const texts = context.sql
          .prepare("SELECT count(text) AS n FROM row JOIN body ON body.n = row.n WHERE row.dataset > 0")
          .get<{ n: number }>();
        assert.equal(searchable, texts?.n);
        const live = dump(context.sql);
        const revisions = datasets(context.sql);
        context.sql.close();
        await rebuilt(dir, live);

        const again = contextOf(dir);
        assert.deepEqual(datasets(again.sql), revisions);
        const undo = all.flatMap(({ id }, at) => ({
          version: 1,
          id: keyOf(`undo ${at}`).slice(0, 24),
          at: all[0]?.at,
          kind: "undo",
          entry: id,
        }));
        appendFileSync(contents[0]?.file as string, lines(...undo));
        takeInLabels(again);
        const back = { dump: dump(again.sql), datasets: datasets(again.sql) };
        again.sql.close();
        rmSync(join(dir, "labels"), { recursive: true });
        const bare = contextOf(dir);
        takeInLabels(bare);
        assert.deepEqual({ dump: dump(bare.sql), datasets: datasets(bare.sql) }, back);
        bare.sql.close();
        await rebuilt(dir, back.dump);
      },
    ),
    { numRuns: 40 },
  );
});

test("a file that is changed in its middle, reordered, shortened or taken away counts as it stands now", async () => {
  const dir = scratch();
  const context = contextOf(dir);
  const rows = Array.from({ length: 6 }, (_, at) => ({ problem: `Problem ${at}?`, solution: "\\boxed{1}" }));
  await importFile(context, { file: put(dir, "problems.jsonl", lines(...rows)), dataset: "set" });
  const ids = context.sql
    .prepare("SELECT id FROM row ORDER BY n")
    .all<{ id: string }>()
    .map(({ id }) => id);
  const label = (at: number, value: string | null, row = at) => ({
    version: 1,
    id: keyOf(`entry ${at}`).slice(0, 24),
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, at)).toISOString(),
    kind: "label",
    rows: [ids[row]],
    label: value,
    why: null,
  });
  const file = join(dir, "labels", "ada.jsonl");
  mkdirSync(join(dir, "labels"));
  const labels = (content: string | null) => {
    if (content === null) rmSync(file);
    else writeFileSync(file, content);
    takeInLabels(context);
    const found = context.sql.prepare("SELECT id, label FROM row WHERE label IS NOT NULL ORDER BY id").all<{ id: string; label: number }>();
    return found.map(({ id, label }) => [ids.indexOf(id), label === 1 ? "keep" : "reject"] as const).sort((a, b) => a[0] - b[0]);
  };
  assert.deepEqual(labels(lines(label(0, "keep"), label(1, "reject"))), [
    [0, "keep"],
    [1, "reject"],
  ]);
  assert.deepEqual(labels(lines(label(2, "keep"), label(1, "reject"), label(0, "reject"))), [
    [0, "reject"],
    [1, "reject"],
    [2, "keep"],
  ]);
  assert.deepEqual(labels(lines(label(1, "keep")).trimEnd()), [[1, "keep"]]);
  assert.deepEqual(labels(`${lines(label(1, "keep"))}${JSON.stringify(label(2, "keep")).slice(0, 40)}`), [[1, "keep"]]);
  assert.deepEqual(labels(lines(label(1, "keep"), label(2, "keep"))), [
    [1, "keep"],
    [2, "keep"],
  ]);
  assert.deepEqual(labels(null), []);
  assert.deepEqual(labels(lines(label(4, "reject"))), [[4, "reject"]]);
  context.sql.close();
});

test("a row whose seed came while an edit stood in its place is judged when it comes back", async () => {
  const seed = { text: "A farmer has seven sheep and buys five more at the market on a sunny day in May" };
  const elsewhere = contextOf(scratch());
  await importFile(elsewhere, { file: put(elsewhere.project, "seeds.jsonl", lines(seed)), dataset: "seeds" });
  const { id } = elsewhere.sql.prepare("SELECT id FROM row").get<{ id: string }>() as { id: string };
  const context = contextOf(scratch());
  const { dir, answer } = makeJob(context.project, "job", [{ key: keyOf("a"), seed: { id, dataset: "seeds" } }]);
  answer(answerLine(keyOf("a"), problemText(seed.text)));
  await ingestJob(context, dir, ruleOf);
  const [made] = rowsOf(context.sql, "made");
  const does = (wanted: Wanted) => changeRows(context, { person: "ada", wanted });
  await does({ kind: "edit", row: made?.id as string, text: "How many sheep?", solution: null, answer: "1" });
  await importFile(context, { file: put(context.project, "seeds.jsonl", lines(seed)), dataset: "seeds" });
  await does({ kind: "undo", entry: null });
  const [row] = listPage(context.sql, { dataset: "made", where: [], sort: { field: "created", descending: false }, limit: 9 }).rows;
  assert.equal(row?.verdicts.find(({ check }) => check === "copy")?.value, "fail");
  const live = dump(context.sql);
  context.sql.close();
  await rebuilt(context.project, live);
});
