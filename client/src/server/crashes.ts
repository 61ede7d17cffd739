/** When to start a server again that has crashed, and when to leave it. Times are milliseconds of any clock. */

/** So many crashes within this time are too many: whatever is wrong will not mend itself. */
export const MOST_CRASHES = 10;
export const CRASH_WINDOW_MILLISECONDS = 3 * 60_000;

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;

/** The crashes that still count at a time. */
export const recent = (crashes: readonly number[], now: number): number[] => crashes.filter((at) => now - at < CRASH_WINDOW_MILLISECONDS);

/** How long to wait before the next start, after so many crashes in a row; null where it is no longer tried. */
export function pauseAfter(crashes: number): number | null {
  if (crashes >= MOST_CRASHES) return null;
  // The first crash costs nobody any time: it may well have been the only one.
  return crashes <= 1 ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (crashes - 2));
}
