import { join } from "node:path";
import type { Problem } from "#protocol/errors.ts";
import type { EventLine } from "#protocol/files/events.ts";
import { openAppend } from "./append-file.ts";
import { JOB } from "./layout.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "at"> : never;

export interface EventLog {
  write(event: WithoutTime<EventLine>): void;
  /** A warning about something that may come thousands of times: at most one of a code in five seconds, with the count since the last. */
  warn(problem: Problem): void;
  error(problem: Problem): void;
  close(): void;
}

const WARN_EVERY_MS = 5_000;

/** Opens `events.jsonl` for this run. `now` is the wall clock in milliseconds. */
export function openEventLog(dir: string, now: () => number): EventLog {
  const file = openAppend(join(dir, JOB.events));
  const warned = new Map<string, { at: number; count: number }>();

  const write = (event: WithoutTime<EventLine>) => {
    file.append(`${JSON.stringify({ at: new Date(now()).toISOString(), ...event })}\n`);
  };

  return {
    write,
    warn(problem) {
      const last = warned.get(problem.code);
      if (last !== undefined && now() - last.at < WARN_EVERY_MS) {
        last.count++;
        return;
      }
      const times = (last?.count ?? 0) + 1;
      warned.set(problem.code, { at: now(), count: 0 });
      write({ event: "warning", ...spoken(problem), data: { ...problem.data, ...(problem.where ?? {}), times } });
    },
    error(problem) {
      write({ event: "error", ...spoken(problem), ...(problem.data === undefined ? {} : { data: problem.data }) });
    },
    close: file.close,
  };
}

const spoken = ({ code, message, remedy }: Problem) => ({ code, message, ...(remedy === undefined ? {} : { remedy }) });
