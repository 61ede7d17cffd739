import { setTimeout as wait } from "node:timers/promises";

/** For whatever is awaited: long enough for a busy machine of one core. */
export const DEADLINE_MS = 90_000;

/**
 * Looks again and again until `look` gives something, and gives that. A look that throws has found nothing yet.
 * @throws with what was awaited, and why the last look found nothing, after `deadline` milliseconds
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  deadline = DEADLINE_MS,
): Promise<T> {
  const end = performance.now() + deadline;
  let reason = "";
  for (;;) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      reason = "";
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > end) throw new Error(`Waited ${deadline / 1_000} s for ${what}${reason === "" ? "" : `: ${reason}`}`);
    await wait(25);
  }
}
