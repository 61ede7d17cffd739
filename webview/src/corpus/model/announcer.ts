import type { Clock } from "./clock.ts";

/** What is read aloud as it changes: the latest words, at most once a second. */
export interface Announcer {
  readonly words: string;
  say(words: string): void;
}

const PAUSE_MS = 1_000;

export function createAnnouncer(clock: Clock, onChange: () => void): Announcer {
  let words = "";
  let latest = "";
  let pausing = false;
  const speak = () => {
    if (latest === words) return;
    words = latest;
    pausing = true;
    clock.after(PAUSE_MS, () => {
      pausing = false;
      speak();
    });
    onChange();
  };
  return {
    get words() {
      return words;
    },
    say(next) {
      latest = next;
      if (!pausing) speak();
    },
  };
}
