import { join } from "node:path";
import { ExitFile, ManifestFile, StartedFile } from "#protocol/files/job.ts";
import { readIfThere } from "../files/durable.ts";
import { objectIn } from "../files/json.ts";
import { isAlive } from "../hosts/process-identity.ts";
import { JOB } from "./layout.ts";

/**
 * `lost`: the process is gone and did not say how it ended (killed, power cut); it may be started again.
 * `cancelled`: it was asked to end, and everything of it has.
 * `unknown`: it was started on another machine, or a file that would tell is not readable.
 */
export type JobStateName = "queued" | "running" | "succeeded" | "failed" | "stopped" | "cancelled" | "lost" | "unknown";

/** What the files of a job say, and whether its process lives. A file that is there and not readable is `unreadable`. */
export interface Observation {
  started: StartedFile | "unreadable" | null;
  exit: ExitFile | "unreadable" | null;
  manifest: boolean;
  /** Of the process in `started`; null where it did not start. */
  alive: boolean | "unknown" | null;
}

/** The state that follows from what was observed; nothing else enters. */
export function stateOf({ started, exit, manifest, alive }: Observation): JobStateName {
  if (exit === "unreadable" || started === "unreadable") return alive === true ? "running" : "unknown";
  if (started === null) return exit === null ? "queued" : nameOf(exit, manifest);
  if (exit !== null && tellsOf(exit, started)) return nameOf(exit, manifest);
  return alive === true ? "running" : alive === false ? "lost" : "unknown";
}

/** Whether an exit is this start's and not an earlier run's. Without tokens it cannot be from before the start. */
const tellsOf = (exit: ExitFile, started: StartedFile): boolean =>
  exit.run === undefined && started.run === undefined ? exit.ended >= started.started : exit.run === started.run;

function nameOf(exit: ExitFile, manifest: boolean): JobStateName {
  // Something of it is still at work, on its files and on its GPUs: nobody may build on it.
  if (exit.survivors !== undefined && exit.survivors.length > 0) return "failed";
  if (exit.cancelled === true) return "cancelled";
  if (exit.code === 75) return "stopped";
  if (exit.code === 0) return manifest ? "succeeded" : "unknown";
  return "failed";
}

/** Whether a process may be at work on the job: it lives, or another machine would have to tell and nothing says that it ended. */
export const mayRun = ({ state, alive }: { state: JobStateName; alive: Observation["alive"] }): boolean =>
  state === "running" || (state === "unknown" && alive === "unknown");

/** Reads the files of a job directory. They may change while this reads; every combination gives a state that was true. */
export async function observeJob(dir: string): Promise<Observation> {
  const started = readState(join(dir, JOB.started), StartedFile);
  const alive = started === null || started === "unreadable" ? null : await isAlive(started);
  // The exit is read after the process was looked at: whoever was seen dead has written it, or never will.
  const exit = readState(join(dir, JOB.exit), ExitFile);
  const manifest = ManifestFile.safeParse(objectIn(readIfThere(join(dir, JOB.manifest)) ?? "")).success;
  return { started, exit, manifest, alive };
}

/** The state of the job in a directory, with what it follows from. */
export async function jobState(dir: string): Promise<Observation & { state: JobStateName }> {
  const observation = await observeJob(dir);
  return { ...observation, state: stateOf(observation) };
}

function readState<T>(
  path: string,
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
): T | "unreadable" | null {
  const text = readIfThere(path);
  if (text === null) return null;
  const parsed = schema.safeParse(objectIn(text));
  return parsed.success ? parsed.data : "unreadable";
}
