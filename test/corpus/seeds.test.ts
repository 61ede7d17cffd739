import assert from "node:assert/strict";
import { test } from "node:test";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { readSeeds } from "../../server/src/ingest/read-seeds.ts";
import type { SeedRow } from "../../server/src/synthesis/build-request.ts";
import { contextOf, lines, put, scratch } from "./harness.ts";

async function collect(seeds: AsyncIterable<SeedRow>): Promise<SeedRow[]> {
  const found: SeedRow[] = [];
  for await (const seed of seeds) found.push(seed);
  return found;
}

/** Imports a file and gives its seeds, twice: every round reads the same. */
async function seedsOf(context: ReturnType<typeof contextOf>, name: string, content: string) {
  const { sha256 } = await importFile(context, { file: put(context.project, name, content), dataset: "seeds", license: "CC0-1.0" });
  const seeds = readSeeds(context.project, { dataset: "seeds", sha256 });
  const found = await collect(seeds);
  assert.deepEqual(await collect(seeds), found);
  return found;
}

test("an edited file has all of its rows as seeds, in its own order, and those of the index", async () => {
  const context = contextOf(scratch());
  const first = await seedsOf(context, "s.jsonl", lines({ text: "one", topic: "sums" }, { text: "two" }, { text: "one", topic: "sums" }));
  assert.deepEqual(
    first.map(({ text, columns }) => [text, columns]),
    [
      ["one", { license: "CC0-1.0", topic: "sums" }],
      ["two", { license: "CC0-1.0" }],
    ],
  );
  const edited = await seedsOf(context, "s.jsonl", lines({ text: "zero" }, { text: "one", topic: "sums" }, "not JSON", { text: "two" }));
  assert.deepEqual(
    edited.map(({ text }) => text),
    ["zero", "one", "two"],
  );
  assert.deepEqual(edited.slice(1), first);
  const known = context.sql.prepare("SELECT id FROM row ORDER BY id").all<{ id: string }>();
  assert.deepEqual(
    known.map(({ id }) => id),
    edited.map(({ id }) => id).sort(),
  );
});

test("a text's chunks are the seeds that its import made", async () => {
  const context = contextOf(scratch());
  const text = Array.from({ length: 40 }, (_, at) => `Paragraph ${at} tells of the number ${at * 7}, and of ${"much ".repeat(20)}more.`);
  const seeds = await seedsOf(context, "book.md", `# Numbers\n\n${text.join("\n\n")}\n`);
  const known = context.sql.prepare("SELECT id FROM row ORDER BY n").all<{ id: string }>();
  assert.ok(seeds.length > 1);
  assert.deepEqual(
    seeds.map(({ id }) => id),
    known.map(({ id }) => id),
  );
});

test("a file that was imported with a licence and a chunk of its own keeps them where none is given", async () => {
  const context = contextOf(scratch());
  const file = put(context.project, "book.txt", Array.from({ length: 9 }, () => "word ".repeat(50)).join("\n\n"));
  const first = await importFile(context, { file, dataset: "book", license: "CC-BY-4.0", chunk: 250 });
  const again = await importFile(context, { file, dataset: "book" });
  assert.deepEqual([again.rows, again.duplicates], [0, first.rows + first.duplicates]);
  const seeds = await collect(readSeeds(context.project, { dataset: "book", sha256: again.sha256 }));
  assert.ok(seeds.length === first.rows && seeds.every(({ columns }) => columns?.license === "CC-BY-4.0"));
  await assert.rejects(importFile(context, { file, dataset: "book", license: null }), { message: /with license CC-BY-4.0/ });
});

test("an import that is not there, or holds problems, is refused", async () => {
  const context = contextOf(scratch());
  await assert.rejects(collect(readSeeds(context.project, { dataset: "seeds", sha256: "0".repeat(64) })), {
    message: /no such import/,
  });
  const { sha256 } = await importFile(context, {
    file: put(context.project, "p.jsonl", lines({ problem: "What is 1 + 1?", solution: "2" })),
    dataset: "problems",
  });
  await assert.rejects(collect(readSeeds(context.project, { dataset: "problems", sha256 })), { message: /holds problems/ });
});
