import { statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { AppError, type ErrorCode, type Problem } from "#protocol/errors.ts";
import { EventLine } from "#protocol/files/events.ts";
import { objectIn } from "../files/json.ts";
import { terminate } from "../hosts/here.ts";
import { JOB } from "../jobs/layout.ts";
import { type JobStateName, jobState, mayRun } from "../jobs/state.ts";

const POLL_MS = 150;
const NEWLINE = 10;

/** Bytes within which the last event of a file begins. */
const LONGEST_EVENT = 64 * 1024;

/** How long a job may take to give up what is in flight before it is killed; it loses no received answer by that. */
const STOP_GRACE_MS = 10_000;

export interface FollowOptions {
  dir: string;
  /** Takes what the job has written since into the index; told to run once more after the job has ended. */
  ingest(): Promise<void>;
  onEvent(event: EventLine): void;
  /** Byte offset into events.jsonl to begin at. */
  eventsFrom: number;
  signal: AbortSignal;
  /** Of a job that we started: cancelling stops it, too. */
  stop?: () => Promise<unknown>;
  /** Of a job that we started: settles when its run has ended, so that nobody waits for the next look. */
  ended?: Promise<unknown>;
  /** Milliseconds between two looks. */
  every?: number;
}

/** Bytes of the whole lines in the job's event file now: the events of earlier runs. A torn last line is cut off by the next run. */
export async function eventsSize(dir: string): Promise<number> {
  const size = sizeOf(join(dir, JOB.events));
  const from = Math.max(0, size - LONGEST_EVENT);
  return size === 0 ? 0 : from + (await readRange(join(dir, JOB.events), from, size - from)).lastIndexOf(NEWLINE) + 1;
}

/**
 * Watches a job until it has ended (or until `signal`), taking in its answers as they come. Polls, because file systems of
 * clusters tell nobody when a file grows.
 * @returns its last state. @throws cancelled after the job has stopped.
 */
export async function followJob(options: FollowOptions): Promise<JobStateName> {
  const { dir, signal, ended, every = POLL_MS } = options;
  let offset = options.eventsFrom;
  let over = false;
  const ends = () => {
    over = true;
  };
  const ending = ended?.then(ends, ends);
  for (;;) {
    // The state is read before the files, so that the last round sees everything an ended job wrote.
    const wasOver = over;
    const observed = await jobState(dir);
    offset = await readEvents(dir, offset, options.onEvent);
    await options.ingest();
    if (!mayRun(observed)) return observed.state;
    // It could not write how it ended, and the process that it ran in goes on.
    if (wasOver) return "lost";
    if (signal.aborted) {
      await options.stop?.();
      await readEvents(dir, offset, options.onEvent);
      await options.ingest();
      throw new AppError({ code: "cancelled", message: "Cancelled" });
    }
    const rest = wait(every, undefined, { signal }).catch(() => {});
    await (ending === undefined ? rest : Promise.race([rest, ending]));
  }
}

/**
 * Asks a job to stop, waits until it has, and kills it after a grace, unless its process does other things, too.
 * @returns whether it has stopped
 */
export async function stopJob(dir: string): Promise<boolean> {
  const observed = await jobState(dir);
  const { started, alive } = observed;
  if (!mayRun(observed) || started === null || started === "unreadable") return true;
  // A process of another machine, or one that does other things, too, must get no signal; Windows has none that a process can answer.
  const untouchable = started.shared === true || alive === "unknown";
  if (untouchable || process.platform === "win32") {
    writeFileSync(join(dir, JOB.stop), "");
    const deadline = performance.now() + STOP_GRACE_MS;
    while (performance.now() < deadline && mayRun(await jobState(dir))) await wait(POLL_MS);
  }
  if (!untouchable) await terminate(started.pid, STOP_GRACE_MS);
  return !mayRun(await jobState(dir));
}

/** The newest error that a job reported, as a problem; null where it reported none. */
export async function lastError(dir: string, eventsFrom: number): Promise<Problem | null> {
  let found: Problem | null = null;
  await readEvents(dir, eventsFrom, (event) => {
    if (event.event !== "error") return;
    found = {
      code: event.code as ErrorCode,
      message: event.message,
      ...(event.remedy === undefined ? {} : { remedy: event.remedy }),
      ...(event.data === undefined ? {} : { data: event.data }),
    };
  });
  return found;
}

/** What a job said last about how far it is, in any of its runs; null where it has said nothing lately. */
export async function lastProgress(dir: string): Promise<(EventLine & { event: "progress" }) | null> {
  let found: (EventLine & { event: "progress" }) | null = null;
  const from = Math.max(0, sizeOf(join(dir, JOB.events)) - LONGEST_EVENT);
  await readEvents(dir, from, (event) => {
    if (event.event === "progress") found = event;
  });
  return found;
}

/** Reads whole lines from an offset on and returns where the next read begins; a line without its end is left for then. */
async function readEvents(dir: string, from: number, onEvent: (event: EventLine) => void): Promise<number> {
  const path = join(dir, JOB.events);
  const size = sizeOf(path);
  if (size <= from) return from;
  const bytes = await readRange(path, from, size - from);
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  for (const line of bytes.subarray(0, end).toString("utf8").split("\n")) {
    const parsed = EventLine.safeParse(objectIn(line));
    if (parsed.success) onEvent(parsed.data);
  }
  return from + end;
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

async function readRange(path: string, position: number, length: number): Promise<Buffer> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
