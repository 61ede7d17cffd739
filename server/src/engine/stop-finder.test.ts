import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createStopFinder } from "./stop-finder.ts";

test("the text up to the first stop comes out, whatever the pieces", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "\n", "#"), maxLength: 30 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\n", "#"), minLength: 1, maxLength: 4 }), { maxLength: 3 });
  fc.assert(
    fc.property(letters, stops, fc.integer({ min: 1, max: 5 }), (text, list, size) => {
      const finder = createStopFinder(list);
      let out = "";
      for (let at = 0; at < text.length && !finder.stopped; at += size) out += finder.push(text.slice(at, at + size));
      out += finder.end();
      const ends = list.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
      if (!finder.stopped) assert.deepEqual([out, ends], [text, []]);
      // A longer stop that begins earlier may not be complete in the pieces that were read.
      else
        assert.ok(
          text.startsWith(out) && list.some((stop) => text.startsWith(stop, out.length)) && !list.some((stop) => out.includes(stop)),
        );
    }),
  );
});

test("only what may begin a stop is held back", () => {
  const finder = createStopFinder(["## Sol"]);
  assert.equal(finder.push("one #"), "one ");
  assert.equal(finder.push("# S"), "");
  assert.equal(finder.push("eed"), "## Seed");
  assert.equal(finder.push("x## Solution"), "x");
  assert.equal(finder.stopped, true);
  assert.equal(finder.end(), "");
});
