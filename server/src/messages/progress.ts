import type { Progress } from "#protocol/corpus.ts";
import type { ServerContext } from "./context.ts";

/** Progress of one work is told at most this often. */
const EVERY_MS = 100;

/** Tells how far a work is, a few times a second; what a stage came to is told with the beginning of the next. */
export function tellProgress({ notify }: Pick<ServerContext, "notify">, token: string): (progress: Progress) => void {
  let last: { at: number; stage: string } | null = null;
  return (progress) => {
    const now = performance.now();
    if (last !== null && last.stage === progress.stage && now - last.at < EVERY_MS && progress.done !== progress.total) return;
    last = { at: now, stage: progress.stage };
    notify("progress", { token, progress });
  };
}
