import { html, nothing, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import { type Block, type Inline, splitBlocks, splitInline } from "./markdown.ts";
import { type MathOptions, mathMarkup } from "./math.ts";
import { splitMath } from "./math-split.ts";

/** A problem or a solution: paragraphs, lists, code and formulas. Everything but KaTeX's own markup is put in as text. */
export function richText(text: string, options: MathOptions): TemplateResult {
  return html`<div class="rich">${splitBlocks(text).map((block) => viewBlock(block, options))}</div>`;
}

/** One run of text with its formulas, without paragraphs: for a list's rows. */
export function richLine(text: string, options: MathOptions): TemplateResult {
  return html`${viewInline(text, options)}`;
}

function viewBlock(block: Block, options: MathOptions): TemplateResult {
  switch (block.kind) {
    case "paragraph":
      return html`<p>${viewInline(block.text, options)}</p>`;
    case "heading":
      return html`<h3>${viewInline(block.text, options)}</h3>`;
    case "fence":
      return html`<pre tabindex="0" role="region" aria-label=${block.language === "" ? "code" : `${block.language} code`}>${block.code}</pre>`;
    case "list": {
      const items = block.items.map((item) => html`<li>${viewInline(item, options)}</li>`);
      return block.ordered ? html`<ol start=${block.start}>${items}</ol>` : html`<ul>${items}</ul>`;
    }
  }
}

type Piece = Inline | { kind: "math"; tex: string; display: boolean; source: string };

function viewInline(text: string, options: MathOptions): (TemplateResult | string)[] {
  const pieces = splitMath(text).flatMap((part): Piece[] => (part.kind === "math" ? [part] : splitInline(part.text)));
  const marks = pieces.filter(({ kind }) => kind === "bold").length;
  // A mark without its counterpart is what it looks like: two asterisks.
  const lone = marks % 2 === 1 ? pieces.findLastIndex(({ kind }) => kind === "bold") : -1;
  const shown: (TemplateResult | string)[] = [];
  let bold: (TemplateResult | string)[] | null = null;
  for (const [index, piece] of pieces.entries()) {
    const into: (TemplateResult | string)[] = bold ?? shown;
    if (piece.kind === "math") into.push(viewFormula(piece, options));
    else if (piece.kind === "code") into.push(html`<code>${piece.text}</code>`);
    else if (piece.kind === "text") into.push(piece.text);
    else if (index === lone) into.push("**");
    else if (bold === null) bold = [];
    else {
      shown.push(html`<strong>${bold}</strong>`);
      bold = null;
    }
  }
  return shown;
}

function viewFormula({ tex, display, source }: { tex: string; display: boolean; source: string }, options: MathOptions): TemplateResult {
  const markup = mathMarkup(tex, display, options);
  if (markup === null) return html`<span class="math-source" title="This formula cannot be set">${source}</span>`;
  return html`<span class=${display ? "math-block" : nothing}>${unsafeHTML(markup)}</span>`;
}
