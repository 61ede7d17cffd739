import { render } from "lit";
import { richLine } from "../../shared/rich-text.ts";
import { createLru } from "../model/lru.ts";
import { excerpt } from "./excerpt.ts";

/** Rendered texts that are remembered: some windows' worth, for going back and forth. */
const REMEMBERED = 240;

/** Formulas are set for so many milliseconds of a frame; rows that come after that stand as they were written until the next. */
const FRAME_MS = 5;

/** Renders the texts of a list's rows, each once. */
export interface RowTexts {
  /** A new frame: its time for setting formulas begins. */
  begin(macros: Record<string, string>): void;
  /** The row's text; the same element while the text is the same. */
  of(id: string, text: string): RowText;
  /** Whether `of` has given a text of this frame as it was written. */
  readonly behind: boolean;
  /** Renders it in advance, where it is not. */
  prepare(id: string, text: string): void;
}

export interface RowText {
  element: HTMLElement;
  /** The same without layout, as it is written. */
  words: string;
}

interface Rendered extends RowText {
  text: string;
  set: boolean;
}

export function createRowTexts(): RowTexts {
  const rendered = createLru<string, Rendered>(REMEMBERED);
  let macros: Record<string, string> = {};
  let until = 0;
  let behind = false;

  const typeset = (id: string, text: string, { element, words }: RowText): RowText => {
    element.textContent = "";
    render(richLine(words, { output: "html", macros }), element);
    const made = { text, element, words, set: true };
    rendered.set(id, made);
    return made;
  };

  return {
    begin(next) {
      if (next !== macros) rendered.clear();
      macros = next;
      until = performance.now() + FRAME_MS;
      behind = false;
    },
    of(id, text) {
      const known = rendered.get(id);
      const current = known?.text === text ? known : undefined;
      if (current?.set === true) return current;
      const plain = current ?? { ...cell(text), text, set: false };
      if (performance.now() < until) return typeset(id, text, plain);
      behind = true;
      plain.element.textContent = plain.words;
      rendered.set(id, plain);
      return plain;
    },
    get behind() {
      return behind;
    },
    prepare(id, text) {
      const known = rendered.get(id);
      if (known?.text !== text) typeset(id, text, cell(text));
    },
  };
}

function cell(text: string): RowText {
  const element = document.createElement("div");
  element.className = "text";
  return { element, words: excerpt(text) };
}
