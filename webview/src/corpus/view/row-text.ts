import { render } from "lit";
import { richLine } from "../../shared/rich-text.ts";
import { createLru } from "../model/lru.ts";
import { excerpt } from "./excerpt.ts";

/** Rendered texts that are remembered: some windows' worth, for going back and forth. */
const REMEMBERED = 240;

/** Renders the texts of a list's rows, each once. */
export interface RowTexts {
  /** The element with the rendered text; the same one while the text is the same. */
  of(id: string, text: string, macros: Record<string, string>): HTMLElement;
}

export function createRowTexts(): RowTexts {
  const rendered = createLru<string, { text: string; element: HTMLElement }>(REMEMBERED);
  let lastMacros: Record<string, string> = {};
  return {
    of(id, text, macros) {
      if (macros !== lastMacros) rendered.clear();
      lastMacros = macros;
      const known = rendered.get(id);
      if (known?.text === text) return known.element;
      const element = document.createElement("div");
      element.className = "text";
      render(richLine(excerpt(text), { output: "mathml", macros }), element);
      rendered.set(id, { text, element });
      return element;
    },
  };
}
