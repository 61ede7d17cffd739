/** Remembers the end of what a process writes, for the message about its end. */
export interface LastWords {
  add(line: string): void;
  /** The last lines, oldest first. */
  lines(): string[];
  /** The one line that tells most: of a thrown error its message, else the last one. */
  gist(): string | null;
}

const MOST_LINES = 20;
const LONGEST_LINE = 500;

export function createLastWords(): LastWords {
  let kept: string[] = [];
  return {
    add(line) {
      if (line.trim() === "") return;
      kept = [...kept, line.slice(0, LONGEST_LINE)].slice(-MOST_LINES);
    },
    lines: () => [...kept],
    gist() {
      // Node writes its own version below the stack of an uncaught error.
      const told = kept.filter((line) => !/^\s+at |^Node\.js v|^\s*\^/.test(line));
      return (told.findLast((line) => /^(\w*Error|FATAL ERROR)\b/.test(line)) ?? told.at(-1))?.trim() ?? null;
    },
  };
}
