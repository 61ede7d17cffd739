import { type ImportedSeeds, readSeeds } from "../ingest/read-seeds.ts";
import type { SeedRow } from "../synthesis/build-request.ts";
import type { RunPorts } from "./ports.ts";

/** Where the seeds of a run come from: an imported file, a whole dataset, rows that somebody chose, or nowhere. */
export type SeedSource = { import: ImportedSeeds } | { dataset: string } | { rows: readonly SeedRow[] } | { none: true };

/** Stands in the plan of templates that need no seed. */
export const NO_SEED: SeedRow = { id: "", dataset: "", text: "" };

const PAGE = 500;

/** The seeds of a run, as often as wanted. */
export function openSeeds(ports: RunPorts, source: SeedSource): Iterable<SeedRow> | AsyncIterable<SeedRow> {
  if ("import" in source) return readSeeds(ports.projectDir, source.import);
  if ("dataset" in source) return datasetSeeds(ports, source.dataset);
  return "rows" in source ? source.rows : [NO_SEED];
}

function datasetSeeds({ store }: RunPorts, dataset: string): AsyncIterable<SeedRow> {
  return {
    async *[Symbol.asyncIterator]() {
      let page = await store.read("seedRows", { dataset, after: null, limit: PAGE });
      for (;;) {
        yield* page.rows;
        if (page.next === null) return;
        page = await store.read("seedRows", { dataset, after: page.next, limit: PAGE });
      }
    },
  };
}
