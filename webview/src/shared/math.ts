import katex from "katex";

/**
 * `html` is set the same everywhere and says nothing to screen readers: for lists, whose rows are named by their source. `mathml`
 * is the cheapest and needs no styles, but without a mathematical font on the machine it loses roots and stretched signs.
 * `htmlAndMathml` is both: seen as the one, read aloud as the other.
 */
export type MathOutput = "mathml" | "html" | "htmlAndMathml";

export interface MathOptions {
  output: MathOutput;
  /** The user's `markdown.math.macros`. */
  macros: Record<string, string>;
}

/**
 * KaTeX's markup of a formula, or null where it is no TeX that KaTeX can set: it is then shown as it was written. Rows are other
 * people's text: no command may load, link or style anything, and nothing but what KaTeX itself makes may reach `innerHTML`.
 */
export function mathMarkup(tex: string, display: boolean, { output, macros }: MathOptions): string | null {
  const known = made.get(macros) ?? new Map<string, string | null>();
  made.set(macros, known);
  const key = `${output} ${display} ${tex}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const markup = typeset(tex, display, { output, macros });
  if (known.size >= MOST_MADE) known.clear();
  known.set(key, markup);
  return markup;
}

/**
 * Markup by formula, as long as the user's macros are the same: a text that is being written is drawn again at each piece that comes,
 * with all the formulas that it had before.
 */
const made = new WeakMap<Record<string, string>, Map<string, string | null>>();
const MOST_MADE = 500;

function typeset(tex: string, display: boolean, { output, macros }: MathOptions): string | null {
  try {
    return katex.renderToString(tex, {
      displayMode: display,
      output,
      trust: false,
      strict: "ignore",
      maxSize: 20,
      maxExpand: 500,
      // A formula may define macros; they must not reach the next one.
      macros: { ...macros },
    });
  } catch {
    return null;
  }
}
