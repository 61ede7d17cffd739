import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Extent,
  isStuck,
  maxTop,
  physicalHeight,
  type Scroll,
  scrolled,
  settled,
  toPhysical,
  topShowing,
  toTop,
  visibleRows,
} from "./scroll-space.ts";

const ROW = 88;
const extents = fc
  .record({ rows: fc.integer({ min: 0, max: 20_000_000 }), viewport: fc.integer({ min: 100, max: 2_000 }) })
  .map(({ rows, viewport }): Extent => ({ content: rows * ROW, viewport }));
const shares = fc.double({ min: 0, max: 1, noNaN: true });

test("the scrollbar's place and the list's place are each other's inverse, and both ends meet", () => {
  fc.assert(
    fc.property(extents, shares, (extent, share) => {
      const top = share * maxTop(extent);
      assert.ok(Math.abs(toTop(extent, toPhysical(extent, top)) - top) < 0.01);
      assert.equal(toPhysical(extent, 0), 0);
      assert.equal(toTop(extent, physicalHeight(extent) - extent.viewport), maxTop(extent));
    }),
  );
});

test("further down in the list is further down in the scrollbar", () => {
  fc.assert(
    fc.property(extents, shares, shares, (extent, one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one];
      assert.ok(toPhysical(extent, low * maxTop(extent)) <= toPhysical(extent, high * maxTop(extent)) + 1e-6);
    }),
  );
});

test("small steps move by exactly their pixels, wherever the list stands", () => {
  fc.assert(
    fc.property(extents, shares, fc.array(fc.integer({ min: -900, max: 900 }), { maxLength: 60 }), (extent, share, steps) => {
      let scroll = settled(extent, { top: Math.round(share * maxTop(extent)), physical: 0 });
      for (const step of steps) {
        // The browser moves the element, and stops it at its ends.
        const physical = Math.min(Math.max(0, scroll.physical + step), Math.max(0, physicalHeight(extent) - extent.viewport));
        const next: Scroll = scrolled(extent, scroll, physical);
        const expected = Math.min(Math.max(0, scroll.top + (physical - scroll.physical)), maxTop(extent));
        assert.ok(Math.abs(next.top - expected) < 0.01, `${next.top} instead of ${expected}`);
        scroll = isStuck(extent, next) ? settled(extent, next) : next;
      }
      // The end of a scroll puts the scrollbar right and moves no row.
      assert.equal(settled(extent, scroll).top, scroll.top);
    }),
  );
});

test("every row can be reached by steps alone, from one end to the other", () => {
  const extent = { content: 95_000 * ROW, viewport: 800 };
  let scroll: Scroll = { top: 0, physical: 0 };
  for (let step = 0; step < 20_000 && scroll.top < maxTop(extent); step++) {
    const physical = Math.min(scroll.physical + 500, physicalHeight(extent) - extent.viewport);
    scroll = scrolled(extent, scroll, physical);
    if (isStuck(extent, scroll) || step % 37 === 0) scroll = settled(extent, scroll);
  }
  assert.equal(scroll.top, maxTop(extent));
  assert.equal(scroll.physical, physicalHeight(extent) - extent.viewport);
});

test("a drag of the scrollbar goes to its share of six million rows", () => {
  const extent = { content: 6_000_000 * ROW, viewport: 800 };
  const half = scrolled(extent, { top: 0, physical: 0 }, (physicalHeight(extent) - 800) / 2);
  assert.ok(Math.abs(half.top / maxTop(extent) - 0.5) < 1e-6);
});

test("visible rows cover the window and no more", () => {
  fc.assert(
    fc.property(extents, shares, (extent, share) => {
      const rows = extent.content / ROW;
      const top = share * maxTop(extent);
      const { first, end } = visibleRows({ top, physical: 0 }, extent.viewport, ROW, rows);
      assert.ok(first * ROW <= top || rows === 0);
      assert.ok(end * ROW >= Math.min(top + extent.viewport, extent.content) - 1e-6);
      assert.ok(end - first <= Math.ceil(extent.viewport / ROW) + 1);
    }),
  );
});

test("a row is shown with the least scrolling", () => {
  assert.equal(topShowing(1000, 500, ROW, 12), 1000);
  assert.equal(topShowing(1000, 500, ROW, 3), 264);
  assert.equal(topShowing(0, 500, ROW, 10), 468);
});
