import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createFrameReader, encodeFrame, type Frame } from "./frames.ts";

/** Sends bytes in pieces of the given sizes, again and again from the first. */
function read(bytes: Buffer, sizes: number[]): { frames: Frame[]; noise: string[] } {
  const frames: Frame[] = [];
  const noise: string[] = [];
  const take = createFrameReader(
    "hello",
    (frame) => frames.push({ head: frame.head, data: Buffer.from(frame.data) }),
    (line) => noise.push(line),
  );
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    take(bytes.subarray(at, at + size));
    at += size;
  }
  return { frames, noise };
}

test("messages come out as they went in, in whatever pieces they arrive", () => {
  const message = fc.record({ text: fc.string(), data: fc.option(fc.uint8Array({ minLength: 1, maxLength: 200 })) });
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (messages, sizes) => {
      const heads = [{ hello: 1 }, ...messages.map(({ text }) => ({ text }))];
      const sent = heads.flatMap((head, i) => encodeFrame(head, i === 0 ? null : (messages[i - 1]?.data ?? null)));
      const { frames } = read(Buffer.concat(sent), sizes);
      assert.equal(frames.length, heads.length);
      frames.forEach((frame, i) => {
        const data = i === 0 ? null : (messages[i - 1]?.data ?? null);
        assert.deepEqual(frame.head, data === null ? heads[i] : { ...heads[i], bytes: data.length });
        assert.ok(frame.data.equals(Buffer.from(data ?? [])));
      });
    }),
  );
});

test("what a login shell prints before is noise; what is no message afterwards is an error", () => {
  const { frames, noise } = read(Buffer.from('Welcome\n{"a": 1}\n{half\n\n{"hello": 1}\n{"id": 1}\n'), [5]);
  assert.deepEqual(noise, ["Welcome", '{"a": 1}', "{half", ""]);
  assert.deepEqual(
    frames.map(({ head }) => head),
    [{ hello: 1 }, { id: 1 }],
  );
  assert.throws(() => read(Buffer.from('{"hello": 1}\nsegmentation fault\n'), [100]), /no message: segmentation fault/);
});
