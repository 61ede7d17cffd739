import { writeSync } from "node:fs";

/** How many crash points this process may still pass; 0 means that the test's switch is off. */
let left = Number(process.env.JIUZHANG_CRASH_AT ?? 0);

/**
 * A place where a kill must lose nothing. Does nothing unless JIUZHANG_CRASH_AT=N is set: then the Nth passage kills
 * the process as `kill -9` would, after naming the place on stderr. Worker threads count for themselves.
 */
export function crashPoint(name: string): void {
  if (left === 0) return;
  left -= 1;
  if (left > 0) return;
  writeSync(2, `crash point ${name}\n`);
  process.kill(process.pid, "SIGKILL");
  // The signal is delivered to the whole process; this thread must not get further meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
}
