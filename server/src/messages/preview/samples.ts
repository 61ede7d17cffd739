import type { Projects } from "../projects.ts";

/** How long it counts as known which sample is next. */
const FRESH_MILLISECONDS = 5_000;

/** Keys are looked up in lots; nobody has asked for more samples of one template and seed than a few lots. */
const LOT = 50;
const MOST_LOTS = 20;
const MOST_KEPT = 500;

/** Which sample of a template and a seed the next one is: those before have been answered. Known by the key of the first. */
export interface Samples {
  /** Undefined where it was not looked up lately. */
  known(project: string, firstKey: string): number | undefined;
  look(project: string, firstKey: string, keyAt: (sample: number) => string | null): Promise<number>;
}

export function createSamples(projects: Projects, now: () => number): Samples {
  const kept = new Map<string, { sample: number; at: number }>();
  return {
    known(project, firstKey) {
      const found = kept.get(JSON.stringify([project, firstKey]));
      return found !== undefined && now() - found.at < FRESH_MILLISECONDS ? found.sample : undefined;
    },
    async look(project, firstKey, keyAt) {
      const { store } = await projects.open(project);
      let sample = 0;
      for (let lot = 0; lot < MOST_LOTS; lot++) {
        const keys = Array.from({ length: LOT }, (_, at) => keyAt(lot * LOT + at)).filter((key) => key !== null);
        const answered = new Set((await store.read("knownKeys", { keys })).answered);
        const free = keys.findIndex((key) => !answered.has(key));
        sample = lot * LOT + (free === -1 ? LOT : free);
        if (free !== -1) break;
      }
      const key = JSON.stringify([project, firstKey]);
      kept.delete(key);
      kept.set(key, { sample, at: now() });
      for (const oldest of kept.keys()) {
        if (kept.size <= MOST_KEPT) break;
        kept.delete(oldest);
      }
      return sample;
    },
  };
}
