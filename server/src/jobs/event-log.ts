import { join } from "node:path";
import type { Problem } from "#protocol/errors.ts";
import type { EventLine } from "#protocol/files/events.ts";
import { openAppend } from "./append-file.ts";
import { JOB } from "./layout.ts";
import { spanText, withoutStop } from "./words.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "at"> : never;

export interface EventLog {
  write(event: WithoutTime<EventLine>): void;
  /**
   * A warning about something that may come thousands of times: the first of a code is written at once, those of the next
   * five seconds as one, the newest, which says how many they were.
   */
  warn(problem: Problem): void;
  /** Writes the collected warnings whose five seconds are over. */
  flush(): void;
  error(problem: Problem): void;
  close(): void;
}

const WARN_EVERY_MS = 5_000;

/** Opens `events.jsonl` for this run. `now` is the wall clock in milliseconds. */
export function openEventLog(dir: string, now: () => number): EventLog {
  const file = openAppend(join(dir, JOB.events));
  /** By code: since when warnings are collected, and those that were since then. */
  const collected = new Map<string, { since: number; count: number; newest: Problem }>();

  const append = (event: WithoutTime<EventLine>) => {
    file.append(`${JSON.stringify({ at: new Date(now()).toISOString(), ...event })}\n`);
  };

  const writeWarning = (problem: Problem, times: number) => {
    append({ event: "warning", ...spoken(problem), data: { ...problem.data, ...(problem.where ?? {}), times } });
  };

  const flush = (all: boolean) => {
    for (const [code, { since, count, newest }] of collected) {
      const span = now() - since;
      // A wall clock that was set back must not silence the warnings.
      if (!all && span >= 0 && span < WARN_EVERY_MS) continue;
      collected.delete(code);
      if (count === 0) continue;
      const times = count === 1 ? newest.message : `${withoutStop(newest.message)} (${count} times in ${spanText(Math.max(100, span))})`;
      writeWarning({ ...newest, message: times }, count);
      collected.set(code, { since: now(), count: 0, newest });
    }
  };

  const write = (event: WithoutTime<EventLine>) => {
    // The last words of a run come last.
    if (event.event === "error" || event.event === "end") flush(true);
    append(event);
  };

  return {
    write,
    warn(problem) {
      flush(false);
      const last = collected.get(problem.code);
      if (last === undefined) {
        collected.set(problem.code, { since: now(), count: 0, newest: problem });
        writeWarning(problem, 1);
      } else {
        last.count++;
        last.newest = problem;
      }
    },
    flush: () => flush(false),
    error(problem) {
      write({ event: "error", ...spoken(problem), ...(problem.data === undefined ? {} : { data: problem.data }) });
    },
    close: file.close,
  };
}

const spoken = ({ code, message, remedy }: Problem) => ({ code, message, ...(remedy === undefined ? {} : { remedy }) });
