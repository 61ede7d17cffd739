import type { SeedRow } from "../synthesis/build-request.ts";
import type { CorpusStore } from "../thread.ts";

const PAGE = 500;

/** The seeds of one imported file, page by page and as often as wanted. Every round gives them in the same order. */
export function seedsOfImport(store: CorpusStore, from: { dataset: string; sha256: string }): AsyncIterable<SeedRow> {
  return {
    async *[Symbol.asyncIterator]() {
      let after: string | null = null;
      do {
        const page: { seeds: SeedRow[]; next: string | null } = await store.read("seedPage", {
          ...from,
          ...(after === null ? {} : { after }),
          limit: PAGE,
        });
        yield* page.seeds;
        after = page.next;
      } while (after !== null);
    },
  };
}
