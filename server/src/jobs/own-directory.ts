import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import type { ExitFile, StartedFile } from "#protocol/files/job.ts";
import { crashPoint } from "../files/crash-point.ts";
import { replaceFile } from "../files/durable.ts";
import { processIdentity } from "../hosts/process-identity.ts";
import { JOB } from "./layout.ts";
import { releaseOwn, tryLock } from "./lock.ts";

/** A run's hold on a job directory. */
export interface Ownership {
  /** Gives back the space that was kept for the last words of a run on a full disk. */
  freeReserve(): void;
  /** Writes how the run ended and lets the directory go. */
  end(code: number, signal: NodeJS.Signals | null): void;
}

const RESERVE_BYTES = 64 * 1024;

/**
 * Lets go of a directory that a part of this process owned which has died: what it ran counts as ended, nobody knows how.
 * Does nothing where it had let go itself.
 */
export async function abandonDirectory(dir: string): Promise<void> {
  const release = await releaseOwn(dir, "run");
  if (release === null) return;
  const exit: ExitFile = { code: null, signal: null, ended: new Date().toISOString() };
  replaceFile(join(dir, JOB.exit), `${JSON.stringify(exit)}\n`);
  release();
}

/**
 * Makes this process the one that runs the job: takes the lock, writes `started.json`, removes what an earlier run said
 * about its end. `shared`: see `StartedFile`.
 * @throws job/busy where another process runs it, or one of another machine may
 */
export async function ownDirectory(dir: string, { shared = false } = {}): Promise<Ownership> {
  const attempt = await tryLock(dir, "run");
  if (!("lock" in attempt)) {
    const { heldBy, file, foreign } = attempt;
    throw fail("job/busy", `Process ${heldBy.pid}${foreign ? ` on ${heldBy.host}` : ""} already runs this job`, {
      where: { file: dir },
      remedy: foreign ? `Wait for it; if that machine is gone, delete ${file}.` : "Wait for it, or stop it first.",
      data: { pid: heldBy.pid, host: heldBy.host },
    });
  }
  const identity = await processIdentity();
  if (identity === null) throw fail("internal", "This process does not find itself in the process table");
  const reserve = join(dir, ".reserve");
  // Random bytes, because a compressing file system keeps no space for zeros.
  writeFileSync(reserve, randomBytes(RESERVE_BYTES));
  const started: StartedFile = { ...identity, started: new Date().toISOString(), ...(shared ? { shared: true as const } : {}) };
  crashPoint("before started.json");
  replaceFile(join(dir, JOB.started), `${JSON.stringify(started)}\n`);
  crashPoint("after started.json");
  rmSync(join(dir, JOB.exit), { force: true });
  rmSync(join(dir, JOB.stop), { force: true });
  const freeReserve = () => rmSync(reserve, { force: true });
  return {
    freeReserve,
    end(code, signal) {
      freeReserve();
      const exit: ExitFile = { code, signal, ended: new Date().toISOString() };
      crashPoint("before exit.json");
      replaceFile(join(dir, JOB.exit), `${JSON.stringify(exit)}\n`);
      crashPoint("after exit.json");
      attempt.lock.release();
    },
  };
}
