import type { Rendering } from "#protocol/messages/preview.ts";
import { linesOf, partOnLine, placeRuns, runsAtLine } from "../model/placing.ts";

/** How long the user's own scrolling is left alone. */
const SCROLLED_MILLISECONDS = 2_000;

/** Marks what the template's cursor line made, and keeps it in view. */
export interface CursorMark {
  /** To be called after the messages were drawn. */
  mark(rendering: Rendering | null, line: number | null): void;
}

/** `panel`: the element that scrolls, while the messages are shown. */
export function createCursorMark(panel: () => HTMLElement | null): CursorMark {
  let scrolled = Number.NEGATIVE_INFINITY;
  let shown: { line: number | null } = { line: null };
  const note = () => {
    scrolled = performance.now();
  };
  for (const event of ["wheel", "pointerdown", "keydown", "touchmove"]) addEventListener(event, note, { passive: true, capture: true });

  return {
    mark(rendering, line) {
      const ranges = rendering === null || line === null ? [] : literalRanges(rendering, line);
      if ("highlights" in CSS) CSS.highlights.set("cursor-line", new Highlight(...ranges));
      if (rendering === null || line === null || line === shown.line) return;
      shown = { line };
      const [first] = runsAtLine(rendering.messages, line);
      const area = panel();
      if (first === undefined || area === null || performance.now() - scrolled < SCROLLED_MILLISECONDS) return;
      const element = area.querySelector<HTMLElement>(`[data-message="${first.message}"][data-run="${first.index}"]`);
      const box = ranges[0]?.getBoundingClientRect() ?? element?.getBoundingClientRect();
      if (box !== undefined) scrollInto(area, box);
    },
  };
}

/** Scrolls as little as shows the box, with a line of room. */
function scrollInto(area: HTMLElement, box: DOMRect): void {
  const room = 24;
  const { top, bottom, height } = area.getBoundingClientRect();
  if (box.top < top + room || box.height > height - 2 * room) area.scrollTop += box.top - top - room;
  else if (box.bottom > bottom - room) area.scrollTop += box.bottom - bottom + room;
}

/** The places on the screen of the template's own text on this line. */
function literalRanges({ messages }: Rendering, line: number): Range[] {
  return runsAtLine(messages, line).flatMap(({ message, index }) => {
    const segments = messages[message]?.segments ?? [];
    const segment = segments[index];
    const shown = placeRuns(segments)[index];
    if (segment === undefined || shown === undefined || segment.input !== null || linesOf(segment).first > line) return [];
    const node = document.querySelector(`[data-message="${message}"][data-run="${index}"]`)?.firstChild;
    const text = [...(node?.parentNode?.childNodes ?? [])].find((child) => child.nodeType === Node.TEXT_NODE && child.textContent !== "");
    if (text === undefined) return [];
    const skipped = Math.max(0, segment.text.length - shown.text.length);
    const part = partOnLine(segment, line);
    const length = text.textContent?.length ?? 0;
    const [start, end] = [part.start - skipped, part.end - skipped].map((at) => Math.min(length, Math.max(0, at))) as [number, number];
    if (end <= start) return [];
    const range = new Range();
    range.setStart(text, start);
    range.setEnd(text, end);
    return [range];
  });
}
