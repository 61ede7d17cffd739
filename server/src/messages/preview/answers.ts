import type { Projects } from "../projects.ts";

/** How long what is known of a template's answers counts as fresh. */
const FRESH_MILLISECONDS = 5_000;

interface Known {
  mean: number | null;
  at: number;
}

/** What templates' answers took lately. */
export interface Answers {
  /** What is known at once, however old; undefined where nothing was looked up yet. A new look is begun where it is old. */
  known(project: string, path: string): number | null | undefined;
  /** What is known after a look, unless a fresh one is there. */
  look(project: string, path: string): Promise<number | null>;
}

export function createAnswers(projects: Projects, now: () => number): Answers {
  const kept = new Map<string, Known>();
  const looking = new Map<string, Promise<number | null>>();
  const look = (project: string, path: string): Promise<number | null> => {
    const key = JSON.stringify([project, path]);
    const known = kept.get(key);
    if (known !== undefined && now() - known.at < FRESH_MILLISECONDS) return Promise.resolve(known.mean);
    const begun = looking.get(key);
    if (begun !== undefined) return begun;
    const reading = projects
      .open(project)
      .then(({ store }) => store.read("templateAnswers", { path }))
      // An index that cannot be read has no answers to tell of; whoever lists its rows says why.
      .then(
        ({ meanTokens }) => meanTokens,
        () => null,
      )
      .then((mean) => {
        kept.set(key, { mean, at: now() });
        looking.delete(key);
        return mean;
      });
    looking.set(key, reading);
    return reading;
  };
  return {
    known(project, path) {
      void look(project, path);
      return kept.get(JSON.stringify([project, path]))?.mean;
    },
    look,
  };
}
