import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import type { Condition, Query, Row } from "#protocol/corpus.ts";
import { anchors } from "../../server/src/corpus/anchors.ts";
import { countRows } from "../../server/src/corpus/counts.ts";
import { facets } from "../../server/src/corpus/facets.ts";
import { VERDICT_VALUES } from "../../server/src/corpus/fields.ts";
import { keysAfter, planOf } from "../../server/src/corpus/keys.ts";
import { listPage } from "../../server/src/corpus/page.ts";
import { makeSearchable } from "../../server/src/corpus/search.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { ingestJob } from "../../server/src/ingest/ingest-job.ts";
import { changeRows, type Wanted } from "../../server/src/labels/change.ts";
import type { Sql } from "../../server/src/store/sql.ts";
import { answerLine, contextOf, keyOf, lines, makeJob, problemText, put, ruleOf, scratch } from "./harness.ts";

const ROWS = 120;

/** What a condition says, told from a whole row: the long way, beside which the index's is held. */
function fits(row: Row, { field, op, value }: Condition): boolean {
  const not = op === "!=";
  const verdict = row.verdicts.find(({ check }) => field === `verdict.${check}`);
  if (verdict !== undefined) return (verdict.value === value) !== not;
  if (field === "label") return ((row.label ?? "none") === value) !== not;
  if (field === "edited") return (String(row.parent !== null) === value) !== not;
  if (field === "accepted") return (String(row.accepted) === value) !== not;
  if (field === "tokens" || field === "length") {
    const number = field === "tokens" ? (row.tokens ?? -1) : (row.text ?? "").length;
    const other = Number(value);
    const compared = { "=": number === other, "!=": number !== other, "<": number < other, "<=": number <= other, ">": number > other };
    return (op === "!=" || field === "length" || number >= 0) && (op === ">=" ? number >= other : compared[op as "="]);
  }
  const text = row[field as "stage" | "format" | "text" | "answer"];
  if (op === "~") return text?.toLowerCase().includes(value.toLowerCase()) === true;
  return (text === value) !== not;
}

/** All conditions hold; of several `=` on one field any. */
const fitsAll = (row: Row, where: Condition[]): boolean =>
  where.every((condition) =>
    condition.op === "="
      ? where.some((other) => other.op === "=" && other.field === condition.field && fits(row, other))
      : fits(row, condition),
  );

const number = (field: "tokens" | "length") =>
  fc.record({
    field: fc.constant(field),
    op: fc.constantFrom("=", "!=", "<", "<=", ">", ">="),
    value: fc.integer({ min: 0, max: 90 }).map(String),
  });
const one = (field: string, ...values: string[]) =>
  fc.record({ field: fc.constant(field), op: fc.constantFrom("=", "!="), value: fc.constantFrom(...values) });
const condition = fc.oneof(
  one("stage", "grade", "nowhere"),
  one("format", "nl", "tool"),
  one("accepted", "true", "false"),
  one("label", "keep", "reject", "none"),
  one("edited", "true", "false"),
  ...["parse", "answer", "copy", "duplicate"].map((check) => one(`verdict.${check}`, ...Object.keys(VERDICT_VALUES))),
  number("tokens"),
  number("length"),
  one("answer", "0", "1", "2"),
  fc.record({ field: fc.constant("text"), op: fc.constant("~"), value: fc.constantFrom("RIVER", "1", "%", "_") }),
) as fc.Arbitrary<Condition>;

describe("conditions, pages and counts", () => {
  let sql: Sql;
  let rows: Row[];
  before(async () => {
    const project = scratch();
    const context = contextOf(project);
    const keys = Array.from({ length: ROWS }, (_, at) => keyOf(String(at)));
    const { dir, answer } = makeJob(
      project,
      "job",
      keys.map((key) => ({ key })),
    );
    for (const [at, key] of keys.entries()) {
      const text = at % 9 === 0 ? "no heading" : problemText(`${at % 4 === 0 ? "River" : "Road"} ${at % 40}?`, String(at % 3));
      answer(
        answerLine(
          key,
          at % 7 === 0 ? text.replace(/\$.*\$/, "unknown") : text,
          `2026-01-01T00:00:${String(at % 60).padStart(2, "0")}.000Z`,
        ),
      );
    }
    await ingestJob(context, dir, ruleOf);
    await makeSearchable(context);
    sql = context.sql;
    const all = () => listPage(sql, { ...query([]), limit: 500 }).rows;
    const does = (wanted: Wanted) => changeRows(context, { person: "ada", wanted });
    const ids = all().map(({ id }) => id);
    await does({ kind: "label", rows: ids.slice(0, 30), label: "keep", why: null });
    await does({ kind: "label", rows: ids.slice(20, 50), label: "reject", why: null });
    for (const row of ids.slice(40, 45)) await does({ kind: "edit", row, text: `River edited ${row}`, solution: null, answer: "2" });
    await does({ kind: "delete", rows: ids.slice(60, 63) });
    rows = all();
    assert.equal(rows.length, ROWS - 3);
  });

  const query = (where: Condition[]): Query => ({
    dataset: "made",
    where,
    sort: { field: "created", descending: false },
    limit: 50,
    whole: true,
  });

  test("rows are those of which the conditions are true, and their number is told", () => {
    fc.assert(
      fc.property(fc.array(condition, { maxLength: 5 }), fc.boolean(), (where, searched) => {
        const search = searched ? "river" : undefined;
        const wanted = rows.filter((row) => fitsAll(row, where) && (!searched || row.text?.startsWith("River") === true));
        const found = listPage(sql, { ...query(where), limit: 500, search }).rows;
        assert.deepEqual(
          found.map(({ id }) => id),
          wanted.map(({ id }) => id),
        );
        assert.equal(countRows(sql, { dataset: "made", where, search }), wanted.length);
      }),
      { numRuns: 300 },
    );
  });

  test("skipping rows gives what paging past them gives", () => {
    const shape = fc.record({
      where: fc.array(condition, { maxLength: 2 }),
      field: fc.constantFrom("created", "length", "tokens"),
      descending: fc.boolean(),
      first: fc.integer({ min: 1, max: 40 }),
      skip: fc.nat({ max: 60 }),
      search: fc.constantFrom(undefined, "river"),
    });
    fc.assert(
      fc.property(shape, ({ where, field, descending, first, skip, search }) => {
        const sorted: Query = { ...query(where), sort: { field, descending }, limit: 500, search };
        const all = listPage(sql, sorted).rows;
        const begin = listPage(sql, { ...sorted, limit: first });
        if (begin.next === null) return;
        const { rows: found } = listPage(sql, { ...sorted, limit: 7, after: begin.next, skip });
        assert.deepEqual(found, all.slice(first + skip, first + skip + 7));
      }),
    );
  });

  test("words that are too common to sort are walked to the same rows", () => {
    fc.assert(
      fc.property(fc.array(condition, { maxLength: 2 }), fc.nat({ max: 30 }), fc.boolean(), (where, skip, descending) => {
        const plan = planOf(sql, { dataset: "made", where, search: "river", sort: { field: "length", descending } });
        const asked = { after: null, limit: 10, skip };
        const term = plan.match?.term as string;
        assert.deepEqual(keysAfter(sql, { ...plan, match: { term, common: true } }, asked), keysAfter(sql, plan, asked));
      }),
    );
  });

  test("anchors lead to every row, and say how many there are", () => {
    const shape = fc.record({
      where: fc.array(condition, { maxLength: 2 }),
      descending: fc.boolean(),
      search: fc.constantFrom(undefined, "river"),
      every: fc.integer({ min: 1, max: 40 }),
      common: fc.boolean(),
    });
    fc.assert(
      fc.property(shape, ({ where, descending, search, every, common }) => {
        const selection = { dataset: "made", where, search, sort: { field: "tokens", descending } } as const;
        const all = listPage(sql, { ...selection, limit: 500 }).rows;
        const found = anchors(sql, selection, { leastRows: every, common });
        assert.deepEqual([found.every, found.rows], [every, all.length]);
        assert.equal(found.cursors.length, Math.max(0, Math.ceil(all.length / every) - 1));
        for (const [at, after] of found.cursors.entries()) {
          const [row] = listPage(sql, { ...selection, limit: 1, after }).rows;
          assert.equal(row?.id, all[(at + 1) * every]?.id);
        }
      }),
    );
  });

  test("anchors say where a row stands, wherever that is, and that another one is not among them", () => {
    const shape = fc.record({
      where: fc.array(condition, { maxLength: 2 }),
      descending: fc.boolean(),
      search: fc.constantFrom(undefined, "river"),
      field: fc.constantFrom("tokens", "length", "created"),
      every: fc.integer({ min: 1, max: 40 }),
      common: fc.boolean(),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ where, descending, search, field, every, common, which }) => {
        const selection = { dataset: "made", where, search, sort: { field, descending } } as const;
        const ids = listPage(sql, { ...selection, limit: 500 }).rows.map(({ id }) => id);
        const { id } = rows[which % rows.length] as Row;
        const { at } = anchors(sql, { ...selection, row: id }, { leastRows: every, common });
        assert.equal(at, ids.includes(id) ? ids.indexOf(id) : null);
      }),
    );
  });

  test("facets and histograms count what stands in the rows: all of them, and what conditions on other fields leave", () => {
    const wordFor = (row: Row, field: string): string | null => {
      const verdict = row.verdicts.find(({ check }) => field === `verdict.${check}`);
      if (verdict !== undefined) return verdict.value;
      if (field === "template") return "prompts/nl/grade.prompty";
      return field === "label" ? (row.label ?? "none") : String(row[field as "stage"]);
    };
    fc.assert(
      fc.property(fc.array(condition, { maxLength: 4 }), fc.boolean(), (where, searched) => {
        const search = searched ? "river" : undefined;
        const found = facets(sql, { dataset: "made", where, search });
        const left = (field: string) =>
          rows.filter((row) => {
            const others = where.filter((condition) => condition.field !== field);
            return fitsAll(row, others) && (!searched || row.text?.startsWith("River") === true);
          });
        assert.equal(found.facets.length, 9);
        for (const { field, values } of found.facets) {
          const number = (among: Row[], value: string) => among.filter((row) => wordFor(row, field) === value).length;
          const shown = left(field);
          for (const { value, total, shown: told } of values)
            assert.deepEqual([told, total], [number(shown, value), number(rows, value)], field);
          assert.equal(
            values.reduce((sum, { total }) => sum + total, 0),
            rows.length,
          );
        }
        assert.deepEqual(
          found.histograms.map(({ field }) => field),
          ["tokens", "length"],
        );
        for (const { field, edges, total, shown } of found.histograms) {
          const measure = (row: Row) => (field === "tokens" ? (row.tokens ?? -1) : (row.text ?? "").length);
          const count = (among: Row[]) =>
            edges.slice(1).map((end, at) => {
              const last = at === edges.length - 2;
              return among.filter((row) => measure(row) >= (edges[at] as number) && (measure(row) < end || (last && measure(row) === end)))
                .length;
            });
          assert.deepEqual([total, shown], [count(rows), count(left(field))], field);
          assert.equal(edges.at(-1), Math.max(...rows.map(measure)));
          assert.ok(total.length <= 48 && edges.length === total.length + 1);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a brief page has no solutions, and one that skips too much is refused", () => {
    const page = listPage(sql, { ...query([]), brief: true, whole: false });
    assert.deepEqual(
      page.rows,
      rows.slice(0, 50).map((row) => ({ ...row, solution: null })),
    );
    assert.throws(() => listPage(sql, { ...query([]), skip: 20_001 }), /at most 20000/);
  });
});

test("a stage that is called “null” is not the same as none", async () => {
  const context = contextOf(scratch());
  const rows = [{ problem: "A?" }, { problem: "B?", stage: "null" }, { problem: "C?", stage: "null" }, { problem: "D?" }];
  await importFile(context, { file: put(context.project, "a.jsonl", lines(...rows)), dataset: "set" });
  const { facets: counted } = facets(context.sql, { dataset: "set", where: [] });
  const stages = counted.find(({ field }) => field === "stage")?.values;
  assert.deepEqual(stages, [{ value: "null", total: 2, shown: 2 }]);
  const where: Condition[] = [{ field: "stage", op: "=", value: "null" }];
  const page = listPage(context.sql, { dataset: "set", where, sort: { field: "created", descending: false }, limit: 10 });
  assert.deepEqual(
    page.rows.map(({ text }) => text),
    ["B?", "C?"],
  );
});
