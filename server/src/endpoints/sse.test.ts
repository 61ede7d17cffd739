import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createSseDecoder } from "./sse.ts";

const decode = (pieces: Uint8Array[]): string[] => {
  const decoder = createSseDecoder();
  return [...pieces.flatMap((piece) => decoder.push(piece)), ...decoder.end()];
};
const bytes = (text: string) => new TextEncoder().encode(text);

test("comments, other fields, missing spaces and several data lines", () => {
  assert.deepEqual(decode([bytes(": hello\nevent: x\nid: 1\ndata:a\ndata:  b\ndata\n\n\n\ndata: c\n\n")]), ["a\n b\n", "c"]);
});

test("the last event counts without its blank line", () => {
  assert.deepEqual(decode([bytes("data: a\n\ndata: b")]), ["a", "b"]);
});

test("where the bytes are cut changes nothing, nor does the kind of line break", () => {
  const event = fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replace(/[\r\n]/g, "½").replace(/[\ud800-\udfff]/g, "∎"));
  fc.assert(
    fc.property(fc.array(event), fc.constantFrom("\n", "\r\n", "\r"), fc.integer({ min: 1, max: 9 }), (events, brk, size) => {
      const sent = bytes(events.map((text) => `data: ${text}${brk}${brk}`).join(""));
      const pieces = Array.from({ length: Math.ceil(sent.length / size) }, (_, index) => sent.subarray(index * size, (index + 1) * size));
      assert.deepEqual(decode(pieces), events);
    }),
  );
});
