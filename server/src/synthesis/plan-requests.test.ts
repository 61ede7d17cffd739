import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "#protocol/errors.ts";
import { drawTemplate, type Plan, planRequests } from "./plan-requests.ts";

interface Named {
  path: string;
}
interface Seed {
  id: string;
}
const templates = (count: number): Named[] => Array.from({ length: count }, (_, k) => ({ path: `prompts/t${k}.prompty` }));
const seeds = (count: number): Seed[] => Array.from({ length: count }, (_, k) => ({ id: `seed-${k}` }));

async function collect(plan: Plan<Named, Seed>): Promise<string[]> {
  const planned: string[] = [];
  for await (const { template, seed, sample } of planRequests(plan)) planned.push(`${seed.id} ${template.path} ${sample}`);
  return planned;
}

test("a ninth template takes a ninth of the seeds and moves no other", () => {
  const eight = templates(8);
  const nine = templates(9);
  const all = seeds(9_000);
  let moved = 0;
  for (const { id } of all) {
    const after = drawTemplate(id, nine);
    if (after.path === drawTemplate(id, eight).path) continue;
    moved++;
    assert.equal(after.path, nine[8]?.path);
  }
  // Mean 1,000, standard deviation 30.
  assert.ok(moved > 850 && moved < 1_150, String(moved));
});

test("the draw depends on no order, and taking a template away moves only its seeds", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 9 }), fc.string(), fc.nat(), (paths, id, gone) => {
      const all = paths.map((path) => ({ path }));
      const drawn = drawTemplate(id, all).path;
      assert.equal(drawTemplate(id, all.toReversed()).path, drawn);
      const left = all.filter((_, k) => k !== gone % all.length);
      if (left.some(({ path }) => path === drawn)) assert.equal(drawTemplate(id, left).path, drawn);
    }),
  );
});

test("one: every seed meets its template; more requests than seeds go on with the next sample", async () => {
  const plan: Plan<Named, Seed> = { templates: templates(3), seeds: seeds(4), count: 10, assign: "one" };
  const planned = await collect(plan);
  assert.equal(planned.length, 10);
  assert.equal(new Set(planned).size, 10);
  assert.deepEqual(
    planned.map((line) => line.split(" ")[2]),
    ["0", "0", "0", "0", "1", "1", "1", "1", "2", "2"],
  );
  assert.equal(planned[4]?.replace(/1$/, "0"), planned[0], "a seed keeps its template");
});

test("all: every seed meets every template", async () => {
  const planned = await collect({ templates: templates(3), seeds: seeds(2), count: 7, assign: "all" });
  assert.equal(new Set(planned.slice(0, 6)).size, 6);
  assert.ok(planned.slice(0, 6).every((line) => line.endsWith(" 0")));
  assert.equal(planned[6], "seed-0 prompts/t0.prompty 1");
});

test("seeds are read as they are needed", async () => {
  let read = 0;
  const endless = {
    async *[Symbol.asyncIterator]() {
      for (;;) yield { id: String(read++) };
    },
  };
  assert.equal((await collect({ templates: templates(2), seeds: endless, count: 5, assign: "one" })).length, 5);
  assert.ok(read <= 6);
});

test("without seeds, or with seeds that cannot be read again, it is said so", async () => {
  const code = (error: unknown) => error instanceof AppError && error.problem.code === "import/empty";
  await assert.rejects(collect({ templates: templates(1), seeds: [], count: 1, assign: "one" }), code);
  const once = seeds(2)[Symbol.iterator]();
  await assert.rejects(collect({ templates: templates(1), seeds: once, count: 3, assign: "one" }), code);
  await assert.rejects(collect({ templates: [], seeds: seeds(1), count: 1, assign: "one" }), /no template/);
  assert.deepEqual(await collect({ templates: templates(1), seeds: [], count: 0, assign: "one" }), []);
});
