import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { ingestJob } from "../../server/src/ingest/ingest-job.ts";
import { answerLine, contextOf, dump, keyOf, lines, makeJob, problemText, put, rebuilt, ruleOf, scratch } from "./harness.ts";

test("ingesting live in any byte steps equals a rebuild", async () => {
  const keys = ["a", "b", "c", "d", "e"].map(keyOf);
  const content = fc.oneof(
    fc
      .constantFrom("Same text", "same  text", "Another one", "A farmer has seven sheep and buys five more sheep at the market")
      .map((text) => problemText(text)),
    fc.constant("nothing to parse"),
    fc.constant(`${problemText("First of two")}\n\n${problemText("Same text")}`),
  );
  const line = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.constantFrom(...keys), content, fc.integer({ min: 0, max: 5 }))
        .map(([key, text, second]) => JSON.stringify(answerLine(key, text, `2026-01-01T00:00:0${second}.000Z`))),
    },
    { weight: 1, arbitrary: fc.constantFrom("garbage", "{}", JSON.stringify(answerLine(keyOf("stranger"), "x"))) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...keys)
        .map((key) => JSON.stringify({ custom_id: key, response: null, error: { code: "model/reset", message: "reset" } })),
    },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 8 }),
      fc.array(line, { maxLength: 4 }),
      fc.array(fc.nat({ max: 2000 }), { maxLength: 4 }),
      fc.boolean(),
      async (one, two, cuts, seedsLate) => {
        const project = scratch();
        const context = contextOf(project);
        const seeds = put(
          project,
          "seeds.jsonl",
          lines({ text: "A farmer has seven sheep and buys five more sheep at the market on Monday." }),
        );
        // The seed's id is known before it is imported, as it is on a second machine.
        const elsewhere = contextOf(scratch());
        await importFile(elsewhere, { file: seeds, dataset: "seeds" });
        const id = elsewhere.sql.prepare("SELECT id FROM row").get<{ id: string }>()?.id as string;
        elsewhere.sql.close();
        const asked = keys.map((key) => ({ key, seed: { id, dataset: "seeds" } }));
        const jobs = [
          { ...makeJob(project, "one", asked), bytes: Buffer.from(`${one.join("\n")}\n`), at: 0 },
          { ...makeJob(project, "two", asked, { created: "2026-01-01T12:00:00.000Z" }), bytes: Buffer.from(two.join("\n")), at: 0 },
        ];
        if (!seedsLate) await importFile(context, { file: seeds, dataset: "seeds" });
        for (const [step, cut] of [...cuts, 1e9, 1e9].entries()) {
          const job = jobs[step % 2] as (typeof jobs)[number];
          const end = Math.min(job.bytes.length, job.at + cut);
          const handle = openSync(job.shard, "a");
          writeSync(handle, job.bytes.subarray(job.at, end));
          closeSync(handle);
          job.at = end;
          await ingestJob(context, job.dir, ruleOf);
        }
        for (const job of jobs) {
          writeFileSync(job.shard, job.bytes);
          await ingestJob(context, job.dir, ruleOf);
        }
        if (seedsLate) await importFile(context, { file: seeds, dataset: "seeds" });
        const live = dump(context.sql);
        context.sql.close();
        await rebuilt(project, live);
      },
    ),
    { numRuns: 25 },
  );
});
