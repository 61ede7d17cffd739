import { render } from "lit";
import { richLine } from "../../shared/rich-text.ts";
import { createLru } from "../model/lru.ts";
import { excerpt } from "./excerpt.ts";

/** Rendered texts that are remembered: some windows' worth, for going back and forth. */
const REMEMBERED = 240;

/** Formulas are set for so many milliseconds of a frame; rows that come after that stand as they were written until the next. */
const FRAME_MS = 5;

/** Three lines. */
const TEXT_PIXELS = 66;

/** Renders the texts of a list's rows, each once. */
export interface RowTexts {
  /** A new frame: its time for setting formulas begins. In a hurry there is none, and new texts stand as they were written. */
  begin(macros: Record<string, string>, hurried: boolean): void;
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
  /** What is measured: the element itself is as high as its place. */
  inner: HTMLElement;
  text: string;
  set: boolean;
}

export function createRowTexts(): RowTexts {
  const rendered = createLru<string, Rendered>(REMEMBERED);
  let macros: Record<string, string> = {};
  let until = 0;
  let behind = false;

  const typeset = (id: string, plain: Rendered): RowText => {
    plain.inner.textContent = "";
    render(richLine(plain.words, { output: "html", macros }), plain.inner);
    plain.set = true;
    rendered.set(id, plain);
    return plain;
  };

  return {
    begin(next, hurried) {
      if (next !== macros) rendered.clear();
      macros = next;
      until = hurried ? 0 : performance.now() + FRAME_MS;
      behind = false;
    },
    of(id, text) {
      const known = rendered.get(id);
      const current = known?.text === text ? known : undefined;
      if (current?.set === true) return current;
      const plain = current ?? cell(text);
      if (performance.now() < until) return typeset(id, plain);
      behind = true;
      if (current !== undefined) return current;
      plain.inner.textContent = plain.words;
      rendered.set(id, plain);
      return plain;
    },
    get behind() {
      return behind;
    },
    prepare(id, text) {
      const known = rendered.get(id);
      if (known?.text !== text) typeset(id, cell(text));
    },
  };
}

function cell(text: string): Rendered {
  const element = document.createElement("div");
  const inner = document.createElement("div");
  element.className = "text";
  // A row says its text by itself: set formulas are not read aloud.
  element.ariaHidden = "true";
  element.append(inner);
  overflow.observe(inner);
  return { element, inner, words: excerpt(text), text, set: false };
}

/** Marks texts that go on behind their third line. The browser tells heights after its own layout, so that none is forced. */
const overflow = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries)
    if (contentRect.height > 0) target.parentElement?.classList.toggle("long", contentRect.height > TEXT_PIXELS + 2);
});
