import type { SeedRow } from "../../synthesis/build-request.ts";
import type { Projects } from "../projects.ts";

/** A row's id says what it holds, so a row that was read once never changes; the oldest are forgotten. */
const MOST_KEPT = 500;

export interface Seeds {
  /** @throws usage/not-found, index/… */
  row(project: string, seed: { dataset: string; id: string }): Promise<SeedRow>;
}

/** Seed rows by their ids, kept so that a keystroke does not wait for the index. */
export function createSeeds(projects: Projects): Seeds {
  const kept = new Map<string, Promise<SeedRow>>();
  return {
    row(project, { dataset, id }) {
      const key = JSON.stringify([project, dataset, id]);
      const known = kept.get(key);
      if (known !== undefined) return known;
      const reading = projects.open(project).then(({ store }) => store.read("seedRow", { dataset, id }));
      kept.set(key, reading);
      for (const oldest of kept.keys()) {
        if (kept.size <= MOST_KEPT) break;
        kept.delete(oldest);
      }
      reading.catch(() => kept.delete(key));
      return reading;
    },
  };
}
