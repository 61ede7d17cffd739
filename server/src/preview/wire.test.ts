import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Rendering } from "#protocol/messages/preview.ts";
import { omitMiddle } from "./omit.ts";
import { cutBody, printBody } from "./wire.ts";

type Messages = Rendering["messages"];

const span = { start: 0, end: 1 };
const run = fc
  .record({ text: fc.string({ unit: "binary" }), input: fc.option(fc.integer({ min: 0, max: 5 })) })
  .map((one) => ({ ...one, line: 1, span }));
const messages: fc.Arbitrary<Messages> = fc.array(
  fc.record({ role: fc.constant("user" as const), segments: fc.array(run, { maxLength: 6 }) }),
  { maxLength: 4 },
);

const joined = (segments: Messages[number]["segments"]) => segments.map(({ text }) => text).join("");
const bodyOf = (list: Messages): Record<string, unknown> => ({
  model: "m",
  messages: list.map(({ role, segments }) => ({ role, content: joined(segments) })),
  temperature: 1,
});

test("a body is printed as JSON.stringify prints it, whatever it holds", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
      assert.equal(printBody(body, []).body, JSON.stringify(body, null, 2));
    }),
  );
  fc.assert(
    fc.property(messages, (list) => {
      assert.equal(printBody(bodyOf(list), list).body, JSON.stringify(bodyOf(list), null, 2));
    }),
  );
});

test("a mark is its value as it stands in the JSON", () => {
  let seen = 0;
  fc.assert(
    fc.property(messages, (list) => {
      const { body, marks } = printBody(bodyOf(list), list);
      for (const { start, end, input } of marks) {
        const shown = JSON.parse(`"${body.slice(start, end)}"`) as string;
        assert.ok(list.some(({ segments }) => segments.some((one) => one.input === input && one.text === shown)));
        seen++;
      }
    }),
  );
  assert.ok(seen > 50);
});

test("a prompt and the text beside an image are marked, too", () => {
  const segments = [
    { text: "a", input: null, line: 1, span },
    { text: "B", input: 0, line: 1, span },
    { text: "picture", input: 1, line: 1, span, part: "image" as const },
    { text: "C", input: 2, line: 1, span },
  ];
  const prompt = printBody({ prompt: "aB" }, [{ role: null, segments: segments.slice(0, 2) }]);
  assert.deepEqual(
    prompt.marks.map(({ start, end }) => prompt.body.slice(start, end)),
    ["B"],
  );
  const content = [
    { type: "text", text: "aB" },
    { type: "image_url", image_url: { url: "data:" } },
    { type: "text", text: "C" },
  ];
  const chat = printBody({ messages: [{ role: "user", content }] }, [{ role: "user", segments }]);
  assert.deepEqual(
    chat.marks.map(({ start, end }) => chat.body.slice(start, end)),
    ["B", "C"],
  );
});

test("of a long body both ends stay, with their marks, and a line says how much is missing", () => {
  fc.assert(
    fc.property(messages, fc.integer({ min: 2, max: 60 }), (list, most) => {
      const printed = printBody(bodyOf(list), list);
      const cut = cutBody(printed, most);
      if (printed.body.length <= most) return assert.deepEqual(cut, printed);
      const note = /\n… ([\d,]+) characters are not shown here …\n/.exec(cut.body);
      assert.equal(Number(note?.[1]?.replaceAll(",", "")), printed.body.length - most);
      assert.equal(cut.body.length - (note?.[0].length ?? 0), most);
      for (const { start, end } of cut.marks) {
        assert.ok(start < end && end <= cut.body.length);
        assert.ok(printed.body.includes(cut.body.slice(start, end)));
      }
    }),
  );
});

test("of a long rendering the first and the last half stay, and the gap says its length", () => {
  fc.assert(
    fc.property(messages, fc.integer({ min: 0, max: 40 }), (list, most) => {
      const whole = list.map(({ segments }) => joined(segments)).join("");
      const cut = omitMiddle(list, most);
      const shown = cut.messages.map(({ segments }) => joined(segments)).join("");
      const gaps = cut.messages.flatMap(({ segments }) => segments.flatMap(({ omitted }) => (omitted === undefined ? [] : [omitted])));
      if (whole.length <= most) return assert.deepEqual([cut.messages, cut.omitted, gaps], [list, 0, []]);
      assert.equal(shown, whole.slice(0, Math.ceil(most / 2)) + whole.slice(whole.length - Math.floor(most / 2)));
      assert.deepEqual(gaps, [whole.length - most]);
      assert.equal(cut.omitted, whole.length - most);
      assert.equal(cut.messages.length, list.length);
    }),
  );
});
