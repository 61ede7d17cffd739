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
