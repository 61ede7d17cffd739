import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "#protocol/corpus.ts";

const EVERY_MS = 500;

/**
 * Tells how many bytes have arrived in a folder while another program (npm, pip) fills it: neither says so in a way that all of its
 * versions share. `total` is about right; until `stop` the progress stays below it.
 */
export function watchGrowth(folder: string, about: { stage: string; total: number }, onProgress: (progress: Progress) => void) {
  let stopped = false;
  let looking: Promise<void> = Promise.resolve();
  let most = 0;
  const { stage, total } = about;
  const tell = (done: number) => onProgress({ stage, done: Math.min(done, total), total, unit: "bytes" });
  const look = async () => {
    const bytes = await folderBytes(folder);
    // A file that is just being moved is seen in neither place; what has arrived does not become less.
    most = Math.max(most, Math.min(bytes, total - 1));
    if (!stopped) tell(most);
  };
  tell(0);
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, EVERY_MS);
  return {
    /** Ends the watch, after which nothing more is told; `done` tells the end first. */
    stop(done: boolean): void {
      stopped = true;
      clearInterval(timer);
      if (done) tell(total);
    },
  };
}

/** Bytes of the files in a folder. What goes away meanwhile is not counted. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0;
  return bytes;
}
