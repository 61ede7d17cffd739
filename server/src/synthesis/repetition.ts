/** Characters of the tail that are looked at; a model that loops does so until its limit. */
const TAIL = 3_000;
const MIN_REPEATED = 120;
const MIN_TIMES = 4;

/**
 * The unit that a text repeats at its end, and how often; null where the tail is not periodic. The unit counts when it
 * stands there at least four times and covers at least 120 characters. Linear: the prefix function (Knuth, Morris, Pratt)
 * of the reversed tail gives the shortest period of every suffix.
 */
export function repeatedTail(text: string): { unit: string; times: number } | null {
  const tail = text.trimEnd().slice(-TAIL);
  const length = tail.length;
  const border = new Uint16Array(length);
  let best: { period: number; covered: number } | null = null;
  for (let i = 1, k = 0; i < length; i++) {
    while (k > 0 && tail[length - 1 - i] !== tail[length - 1 - k]) k = border[k - 1] ?? 0;
    if (tail[length - 1 - i] === tail[length - 1 - k]) k++;
    border[i] = k;
    const covered = i + 1;
    const period = covered - k;
    if (covered >= MIN_REPEATED && covered >= MIN_TIMES * period) best = { period, covered };
  }
  if (best === null) return null;
  return { unit: fromSentenceStart(tail.slice(length - best.period)), times: Math.floor(best.covered / best.period) };
}

/** The same unit, begun at the start of a sentence where it has one: the cut falls anywhere. */
function fromSentenceStart(unit: string): string {
  const twice = unit + unit;
  const boundary = /[.!?\n]\s*(?=\S)/.exec(twice);
  const start = boundary === null ? 0 : boundary.index + boundary[0].length;
  return twice.slice(start, start + unit.length);
}
