/**
 * Looks for the first of some stop texts in a text that arrives in pieces. What may be the beginning of one is held back until it is
 * decided; what is given out is never taken back.
 */
export function createStopFinder(stops: readonly string[]) {
  let held = "";
  const longest = Math.max(0, ...stops.map((stop) => stop.length));
  return {
    stopped: false,
    /** Takes a piece and gives the text that is certain. Nothing comes after a stop text was found. */
    push(piece: string): string {
      if (this.stopped) return "";
      held += piece;
      let first = -1;
      for (const stop of stops) {
        const at = held.indexOf(stop);
        if (at >= 0 && (first < 0 || at < first)) first = at;
      }
      if (first >= 0) {
        this.stopped = true;
        const free = held.slice(0, first);
        held = "";
        return free;
      }
      const keep = heldLength(held, stops, longest);
      const free = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      return free;
    },
    /** The text has ended: what was held back is text after all. */
    end(): string {
      const free = held;
      held = "";
      return this.stopped ? "" : free;
    },
  };
}

/** Length of the longest end of the text that begins a stop text. */
function heldLength(text: string, stops: readonly string[], longest: number): number {
  for (let length = Math.min(longest - 1, text.length); length > 0; length--) {
    const end = text.slice(text.length - length);
    if (stops.some((stop) => stop.startsWith(end))) return length;
  }
  return 0;
}
