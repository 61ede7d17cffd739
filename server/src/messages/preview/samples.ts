import type { Projects } from "../projects.ts";

/** How long it counts as known which sample is next. */
const FRESH_MILLISECONDS = 5_000;

/** Keys are looked up in lots: mostly the first few tell, and each is the hash of a whole body. Nobody has asked for more samples. */
const LEAST = 4;
const MOST_SAMPLES = 1_000;
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
      for (let lot = LEAST; sample < MOST_SAMPLES; lot *= 2) {
        const keys = Array.from({ length: lot }, (_, at) => keyAt(sample + at)).filter((key) => key !== null);
        const answered = new Set((await store.read("knownKeys", { keys })).answered);
        const free = keys.findIndex((key) => !answered.has(key));
        sample += free === -1 ? lot : free;
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
