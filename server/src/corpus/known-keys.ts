import type { OpContext } from "../store/ops.ts";

export interface KnownKeys {
  /** Keys with an answer, in any dataset. */
  answered: string[];
  /** Those of them whose answer lies in the shards of the job that was named. */
  own: string[];
  /** Keys without one that jobs ask for, with the jobs' ids. */
  open: { key: string; job: string }[];
}

/** What the index knows about request keys; call it with some hundred at a time, after everything on disk has been taken in. */
export function knownKeys({ sql }: OpContext, { keys, job: own }: { keys: readonly string[]; job?: string }): KnownKeys {
  const requests = sql.prepare(
    "SELECT origin.name AS job, answered FROM request JOIN origin ON origin.n = request.origin WHERE request.key = ?",
  );
  const holders = sql.prepare(
    "SELECT origin.name AS job FROM response JOIN file ON file.n = response.file JOIN origin ON origin.n = file.origin WHERE response.key = ?",
  );
  const known: KnownKeys = { answered: [], own: [], open: [] };
  for (const key of keys) {
    const found = requests.all<{ job: string; answered: number }>(key);
    if (found.some(({ answered }) => answered > 0)) {
      known.answered.push(key);
      if (own !== undefined && holders.all<{ job: string }>(key).some(({ job }) => job === own)) known.own.push(key);
    } else for (const { job } of found) known.open.push({ key, job });
  }
  return known;
}
