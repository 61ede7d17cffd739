/** Time as the model sees it, so that a test can hold it. */
export interface Clock {
  /** Milliseconds from any beginning. */
  now(): number;
  /** Runs `work` once after so many milliseconds; the answer takes it back. */
  after(milliseconds: number, work: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};
