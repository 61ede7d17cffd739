import { formatProblem, type Problem } from "#protocol/errors.ts";

/** A quiet line under the list: what has just been done or has failed, and a way on. */
export interface Notice {
  words: string;
  tone: "done" | "failed";
  actions: { label: string; run(): void }[];
}

export interface Notices {
  readonly current: Notice | null;
  say(words: string, actions?: Notice["actions"]): void;
  /** A cancellation is no failure, and is not told. */
  fail(problem: Problem, actions?: Notice["actions"]): void;
  clear(): void;
}

export function createNotices(onChange: () => void): Notices {
  let current: Notice | null = null;
  const become = (next: Notice | null) => {
    current = next;
    onChange();
  };
  return {
    get current() {
      return current;
    },
    say: (words, actions = []) => become({ words, tone: "done", actions }),
    fail(problem, actions = []) {
      if (problem.code !== "cancelled") become({ words: formatProblem(problem), tone: "failed", actions });
    },
    clear() {
      if (current !== null) become(null);
    },
  };
}
