/** Counts of pieces are kept until there are so many; a piece is a line, mostly. */
const MOST_KEPT = 200_000;

/** Longer pieces are counted in parts: the tokenizer takes time that grows with the square of a run of the same letter. */
const PIECE_MAX_CHARACTERS = 4_000;

/**
 * Counts tokens so that a keystroke costs one line. The o200k tokenizer never joins what stands on both sides of a line end, unless
 * white space or a slash follows it; so a text is counted in lines, and lines that were counted before are only looked up.
 */
export function createTokenCount(encodeCount: (text: string) => number): (texts: readonly string[]) => number {
  const known = new Map<string, number>();
  const countPiece = (piece: string): number => {
    const seen = known.get(piece);
    if (seen !== undefined) return seen;
    if (known.size >= MOST_KEPT) known.clear();
    const tokens = parts(piece, PIECE_MAX_CHARACTERS).reduce((sum, part) => sum + encodeCount(part), 0);
    known.set(piece, tokens);
    return tokens;
  };
  return (texts) => texts.reduce((sum, text) => sum + pieces(text).reduce((part, piece) => part + countPiece(piece), 0), 0);
}

/** Cuts a text behind its line ends, where no token can reach over. */
export const pieces = (text: string): string[] => text.split(/(?<=\n)(?![\s/])/);

/** Cuts a long piece before spaces that follow a letter or a digit, where no token can reach over either; anywhere, where there are none. */
export function parts(piece: string, most: number): string[] {
  const cut: string[] = [];
  let rest = piece;
  while (rest.length > most) {
    let end = rest.lastIndexOf(" ", most);
    while (end > 0 && !/[\p{L}\p{N}]/u.test(rest.charAt(end - 1))) end = rest.lastIndexOf(" ", end - 1);
    if (end <= 0) end = most;
    cut.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...cut, rest];
}
