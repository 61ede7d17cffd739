/**
 * Scrolling through more rows than an element can be tall. A browser's element ends at about 33 million pixels (and is drawn with whole
 * pixels only up to 16), so a longer list lives in an element of MOST_PIXELS. What moves a little (wheel, keys, a finger) moves the rows
 * by the same pixels; what moves far (the scrollbar) goes to the same share of the list. Afterwards the scrollbar is put back to where
 * it honestly belongs, which moves no row.
 */

/** Height of the tallest element in pixels. */
export const MOST_PIXELS = 8_000_000;

/** At both ends of a scaled list one pixel of the element is one pixel of the list, so that the last step is as fine as any. */
const EDGE_PIXELS = 20_000;

/** A pixel of the scrollbar is more than this in any list that is scaled, and no wheel turns so fast. */
const JUMP_PIXELS = 4_000;

/** Heights in pixels. */
export interface Extent {
  /** Of all rows together. */
  content: number;
  /** Of what is seen at once. */
  viewport: number;
}

/** Two views of one place: pixels from the top of all rows, and the element's own `scrollTop`. */
export interface Scroll {
  top: number;
  physical: number;
}

export const physicalHeight = ({ content }: Extent): number => Math.min(content, MOST_PIXELS);

export const isScaled = ({ content }: Extent): boolean => content > MOST_PIXELS;

export const maxTop = ({ content, viewport }: Extent): number => Math.max(0, content - viewport);

const maxPhysical = (extent: Extent): number => Math.max(0, physicalHeight(extent) - extent.viewport);

const clamp = (value: number, most: number): number => Math.min(Math.max(0, value), most);

/** Where the element has to be scrolled to, for the list to honestly show `top`. */
export function toPhysical(extent: Extent, top: number): number {
  const place = clamp(top, maxTop(extent));
  if (!isScaled(extent)) return place;
  const fromEnd = maxTop(extent) - place;
  if (place <= EDGE_PIXELS) return place;
  if (fromEnd <= EDGE_PIXELS) return maxPhysical(extent) - fromEnd;
  return EDGE_PIXELS + (place - EDGE_PIXELS) / scale(extent);
}

/** The inverse of `toPhysical`. */
export function toTop(extent: Extent, physical: number): number {
  const place = clamp(physical, maxPhysical(extent));
  if (!isScaled(extent)) return place;
  const fromEnd = maxPhysical(extent) - place;
  if (place <= EDGE_PIXELS) return place;
  if (fromEnd <= EDGE_PIXELS) return maxTop(extent) - fromEnd;
  return EDGE_PIXELS + (place - EDGE_PIXELS) * scale(extent);
}

/** Pixels of the list behind one pixel of the element, between the edges. */
const scale = (extent: Extent): number => (maxTop(extent) - 2 * EDGE_PIXELS) / (maxPhysical(extent) - 2 * EDGE_PIXELS);

/** The place after the element was scrolled to `physical`, by whatever means. */
export function scrolled(extent: Extent, from: Scroll, physical: number): Scroll {
  const delta = physical - from.physical;
  if (!isScaled(extent) || Math.abs(delta) > JUMP_PIXELS) return { top: toTop(extent, physical), physical };
  return { top: clamp(from.top + delta, maxTop(extent)), physical };
}

/** Whether the element has come to an end that the list has not reached: then it cannot wait for the scroll's end to be put right. */
export function isStuck(extent: Extent, { top, physical }: Scroll): boolean {
  return (physical <= 0 && top > 0) || (physical >= maxPhysical(extent) && top < maxTop(extent));
}

/** The same place with an honest scrollbar. */
export const settled = (extent: Extent, { top }: Scroll): Scroll => ({
  top: clamp(top, maxTop(extent)),
  physical: toPhysical(extent, top),
});

/** Rows that are seen, wholly or in part: half open, with `overscan` more on both sides. */
export function visibleRows(
  { top }: Scroll,
  viewport: number,
  rowHeight: number,
  rows: number,
  overscan = 0,
): { first: number; end: number } {
  const first = clamp(Math.floor(top / rowHeight) - overscan, rows);
  return { first, end: clamp(Math.ceil((top + viewport) / rowHeight) + overscan, rows) };
}

/** The least scrolling from `top` that shows the whole row. */
export function topShowing(top: number, viewport: number, rowHeight: number, index: number): number {
  const start = index * rowHeight;
  if (start < top) return start;
  return Math.max(top, start + rowHeight - viewport);
}
