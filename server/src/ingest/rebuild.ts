import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fail } from "#protocol/errors.ts";
import { crashPoint } from "../files/crash-point.ts";
import { openWriter } from "../store/open.ts";
import type { OpContext } from "../store/ops.ts";
import { type CatchUpReport, catchUp } from "./catch-up.ts";
import type { RuleOf } from "./ingest-job.ts";

/**
 * Makes the index anew from the project's files, beside the old one, and puts it in its place when it is whole. Killed before that, the old
 * one stays. Another process that has the old one open notices at its next operation.
 */
export async function rebuild(context: OpContext, ruleOf: RuleOf): Promise<CatchUpReport> {
  const { path } = context;
  await removeLeftovers(path);
  const fresh = `${path}.rebuild-${process.pid}`;
  try {
    const sql = openWriter(fresh);
    let report: CatchUpReport;
    try {
      const { project, signal, release } = context;
      const breathe = async () => await context.breathe?.();
      // Never a copy of the context: that would open the old index, which may be damaged.
      report = await catchUp(
        { sql, path: fresh, project, signal, release, breathe, progress: (now) => context.progress({ ...now, stage: "rebuild" }) },
        ruleOf,
      );
      // Without a log of its own the new file is whole by itself.
      sql.exec("PRAGMA wal_checkpoint (TRUNCATE); PRAGMA journal_mode = DELETE");
    } finally {
      sql.close();
    }
    crashPoint("index rebuilt");
    emptyLog(context);
    for (const suffix of ["-wal", "-shm"]) await rm(`${path}${suffix}`, { force: true });
    crashPoint("old log removed");
    await replace(fresh, path);
    crashPoint("index replaced");
    return report;
  } finally {
    for (const suffix of ["", "-wal", "-shm", "-journal"]) await rm(`${fresh}${suffix}`, { force: true });
  }
}

/**
 * A log that outlived its file would be taken for the new file's, and a file without its log could be half a transaction: so the
 * log goes into the old file first. A damaged index has nothing to save.
 */
function emptyLog(context: OpContext): void {
  try {
    context.sql.exec("PRAGMA wal_checkpoint (TRUNCATE)");
  } catch {
    // The old index does not open, which is why it is being rebuilt.
  }
  context.release();
}

async function replace(fresh: string, path: string): Promise<void> {
  try {
    await rename(fresh, path);
  } catch (thrown) {
    if (!["EBUSY", "EPERM", "EACCES"].includes((thrown as NodeJS.ErrnoException).code ?? "")) throw thrown;
    throw fail("index/locked", "Another process has the index open", {
      where: { file: path },
      remedy: "End the other JiuZhang processes of this project and run `jiuzhang rebuild` again.",
      cause: thrown,
    });
  }
}

/** What killed rebuilds left; one that still runs in another process keeps its files. */
async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.rebuild-`;
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    if (pid !== process.pid && !alive(pid)) await rm(join(dirname(path), name), { force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
