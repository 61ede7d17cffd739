import assert from "node:assert/strict";
import { test } from "node:test";
import type { PickedSeed } from "#protocol/messages/preview.ts";
import { type Pick, pickSeed, searchSeeds } from "../../server/src/corpus/pick-seed.ts";
import { makeSearchable } from "../../server/src/corpus/search.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { changeRows } from "../../server/src/labels/change.ts";
import { contextOf, lines, put, scratch } from "./harness.ts";

async function seeds() {
  const project = scratch();
  const context = contextOf(project);
  const add = (dataset: string, ...rows: object[]) =>
    importFile(context, { file: put(project, `${dataset}-${rows.length}.jsonl`, lines(...rows)), dataset });
  const pick = (pick: Pick, dataset: string | null = null) => pickSeed(context.sql, { dataset, pick });
  const found = (pick_: Pick) => pick(pick_) as PickedSeed;
  const search = async (search: string) => {
    await makeSearchable(context);
    return searchSeeds(context.sql, { dataset: null, search });
  };
  return { context, add, pick, found, search };
}

test("a seed is picked by its place, beside another, at random, by length and by its id", async () => {
  const { context, add, pick, found } = await seeds();
  assert.equal(pick({ how: "first" }), null);
  await add("made", { problem: "P?", solution: "\\boxed{1}" });
  assert.equal(pick({ how: "random" }), null, "problems are no seeds");
  assert.throws(() => pick({ how: "first" }, "made"), /holds problems/);
  assert.throws(() => pick({ how: "first" }, "none"), /no dataset “none”/);
  const texts = Array.from({ length: 40 }, (_, at) => `Seed number ${at} ${"x".repeat((at * 7) % 40)}`);
  await add("set", ...texts.map((text) => ({ text })));
  const all = texts.map((_, at) => found({ how: "at", at: at + 1 }));
  assert.deepEqual(
    all.map(({ at, total, dataset, characters }) => [at, total, dataset, characters]),
    texts.map((text, at) => [at + 1, 40, "set", text.length]),
  );
  assert.match(all[11]?.title as string, /^Seed number 11/);
  const [first, last] = [all[0], all[39]] as [PickedSeed, PickedSeed];
  assert.deepEqual(found({ how: "first" }), first);
  assert.deepEqual(found({ how: "at", at: 1000 }), last);
  for (const [at, seed] of all.entries()) {
    assert.deepEqual(found({ how: "id", id: seed.id }), seed);
    assert.deepEqual(found({ how: "next", from: seed.id }), all[(at + 1) % 40]);
    assert.deepEqual(found({ how: "previous", from: seed.id }), all[(at + 39) % 40]);
  }
  assert.equal(found({ how: "longest" }).characters, Math.max(...texts.map(({ length }) => length)));
  const drawn = new Set(Array.from({ length: 2_000 }, () => found({ how: "random" }).id));
  assert.equal(drawn.size, 40, "every seed is drawn");
  assert.equal(pick({ how: "id", id: "0".repeat(24) }), null);
  assert.deepEqual(found({ how: "next", from: "0".repeat(24) }), first);
  await changeRows(context, { person: "ada", wanted: { kind: "delete", rows: [first.id, (all[2] as PickedSeed).id] } });
  assert.deepEqual([found({ how: "first" }).id, found({ how: "next", from: (all[2] as PickedSeed).id }).id], [all[1]?.id, all[3]?.id]);
  assert.deepEqual([found({ how: "first" }).total, found({ how: "id", id: last.id }).at], [38, 38]);
});

test("seeds are found by words that are typed in part, by their number, and named by their section", async () => {
  const { add, search } = await seeds();
  assert.deepEqual(await search(""), { seeds: [], more: false });
  const row = (at: number) => ({
    text: `${at % 2 === 0 ? "A triangle" : "A circle"} of size ${at} and ${"more words ".repeat(10)}`,
    id: at,
  });
  await add("set", { text: "Of rivers", Section: "2.1 Rivers" }, ...Array.from({ length: 120 }, (_, at) => row(at)));
  const first = await search("  ");
  assert.deepEqual([first.seeds.length, first.more, first.seeds[0]?.title, first.seeds[4]?.at], [50, true, "2.1 Rivers", 5]);
  assert.match(first.seeds[1]?.title ?? "", /^A triangle of size 0 and more words .*…$/);
  assert.ok((first.seeds[1]?.title.length ?? 0) <= 61);
  const some = await search("size tria");
  assert.deepEqual([some.seeds.length, some.more, some.seeds[1]?.at], [50, true, 4]);
  const number = await search("12");
  assert.deepEqual(
    number.seeds.map(({ at }) => at),
    [12, 14],
  );
  assert.deepEqual(await search('nothing"*('), { seeds: [], more: false });
});
