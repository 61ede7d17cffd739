import { setTimeout as wait } from "node:timers/promises";
import { fail } from "#protocol/errors.ts";
import { dataFolder } from "../project/root.ts";
import { type Lock, tryLock } from "./lock.ts";

/**
 * Runs `fn` while no other process of the project does the same, planning unless told otherwise: a short lock under `.jiuzhang`, never
 * held while anything is generated. A lock whose owner died on this machine is taken over; one of another machine cannot be judged from here.
 * `patience`: milliseconds to wait for the other process. @throws project/busy, or why `signal` was raised while waiting
 */
export async function withProjectLock<T>(
  projectDir: string,
  fn: () => Promise<T> | T,
  { work = "plan", patience = 30_000, signal }: { work?: keyof typeof WORK; patience?: number; signal?: AbortSignal } = {},
): Promise<T> {
  const lock = await acquire(dataFolder(projectDir), work, performance.now() + patience, signal);
  try {
    return await fn();
  } finally {
    lock.release();
  }
}

/** What a lock is for, and what its owner is said to do. */
const WORK = { plan: "is planning", label: "is labelling rows" } as const;

async function acquire(directory: string, work: keyof typeof WORK, deadline: number, signal: AbortSignal | undefined): Promise<Lock> {
  for (let pause = 10; ; pause = Math.min(250, pause * 1.5)) {
    const attempt = await tryLock(directory, work);
    if ("lock" in attempt) return attempt.lock;
    const { heldBy, file, foreign } = attempt;
    if (performance.now() >= deadline)
      throw fail("project/busy", `Process ${heldBy.pid}${foreign ? ` on ${heldBy.host}` : ""} ${WORK[work]} in this project`, {
        where: { file },
        remedy: foreign
          ? "Wait for it; if that machine is gone, delete this file."
          : "Wait for it to finish and run the same command again.",
        data: { pid: heldBy.pid, host: heldBy.host },
      });
    signal?.throwIfAborted();
    await wait(pause);
  }
}
