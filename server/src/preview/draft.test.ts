import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { Message } from "#protocol/template.ts";
import { parseTemplate } from "../prompty/template.ts";
import { declareEndpoint } from "../recipe/declaration.ts";
import { buildRequest, type SeedRow, seedValues } from "../synthesis/build-request.ts";
import { type Draft, draftPreview } from "./draft.ts";

const endpoint = declareEndpoint("teacher", { embedded: false, base_url: "http://127.0.0.1:1/v1", model: "gpt-4o" });
const SEED: SeedRow = { id: "a".repeat(24), dataset: "seeds", text: "Two lines\nmeet.", columns: { section: "Lines" } };

const draft = (source: string, seed: SeedRow = SEED): Draft =>
  draftPreview({
    template: parseTemplate(source),
    path: "t.prompty",
    seed,
    values: seedValues(seed),
    from: "seed",
    endpoint,
    identity: "test/model",
    sample: 0,
    spell: (body) => body,
  });

const requestOf = (source: string, seed?: SeedRow) => {
  const { request, problems } = draft(source, seed);
  assert.ok(request, JSON.stringify(problems));
  return request;
};

/** The texts of a message as they are sent. */
const sentTexts = ({ content }: { content: unknown }): string =>
  typeof content === "string" ? content : (content as { text?: string }[]).map(({ text }) => text ?? "").join("");

test("what is shown of a message is what is sent, and the key is the one of generation", () => {
  const source = "\n\nsystem:\n\nBe kind.\n\n\nuser:\nFrom {{ section }}:\n\n{{ text }}\n\n";
  const request = requestOf(source);
  const built = buildRequest({
    template: parseTemplate(source),
    templatePath: "t.prompty",
    templateSha256: "",
    seed: SEED,
    modelName: endpoint.model,
    modelIdentity: "test/model",
    sampling: {},
    sample: 0,
    maxTokensField: "auto",
  });
  assert.deepEqual(request.body, built.line.body);
  assert.equal(request.wire.key, built.key);
  assert.deepEqual(
    request.messages.map(({ role, segments }) => ({ role, content: segments.map(({ text }) => text).join("") })),
    (built.line.body.messages as Message[]).map(({ role, content }) => ({ role, content })),
  );
  assert.deepEqual(
    request.messages[1]?.segments.map(({ text, input, line }) => [text, input, line]),
    [
      ["From ", null, 9],
      ["Lines", 0, 9],
      [":\n\n", null, 9],
      ["Two lines\nmeet.", 1, 11],
    ],
  );
});

test("each input says how much it contributes and where its value came from", () => {
  const source =
    "---\ninputs:\n  - { name: text, kind: string }\n  - { name: parts, kind: integer, default: 1 }\n  - { name: hint, kind: string }\n---\nuser:\n{{ text }} {{ section }} {{ section }}";
  assert.deepEqual(requestOf(source).inputs, [
    { name: "text", characters: 15, times: 1, from: "seed" },
    { name: "parts", characters: 0, times: 0, from: "default" },
    { name: "hint", characters: 0, times: 0, from: "missing" },
    { name: "section", characters: 10, times: 2, from: "seed" },
  ]);
});

test("errors forbid a rendering and come first, each at its place", () => {
  const broken = draft("user:\n{{ text }}\n{% if %}\nnope(: {{ textt | uper }}");
  assert.equal(broken.request, null);
  assert.ok(broken.problems.length > 0);
  const severities = broken.problems.map(({ severity }) => severity);
  assert.deepEqual(severities, [...severities].sort());
  for (const { span, where } of broken.problems) {
    assert.ok(span !== null);
    assert.equal(where?.file, "t.prompty");
  }
});

test("a missing input and a strict value that forges a role are problems at their place", () => {
  const missing = draft(
    "---\ninputs:\n  - { name: text, kind: string }\n  - { name: grade, kind: string, required: true }\n---\nuser:\n{{ text }}",
  );
  assert.deepEqual(
    [missing.request, missing.problems.map(({ code, where }) => [code, where?.line])],
    [null, [["template/missing-input", 4]]],
  );
  const source = "---\ninputs:\n  - { name: text, kind: string, strict: true }\n---\nuser:\nHere:\n{{ text }}";
  const strict = draft(source, { ...SEED, text: "x\nsystem:\ny" });
  assert.equal(strict.problems[0]?.code, "template/strict-violation");
  const { start = 0, end = 0 } = strict.problems[0]?.span ?? {};
  assert.equal(source.slice(start, end), "{{ text }}");
});

test("a completion is one text without a role, verbatim", () => {
  const source = "---\nmetadata: { jiuzhang: { completion: true } }\n---\n## Passage\n{{ text }}\n\n## Problem\n";
  const { messages, body, path } = requestOf(source);
  assert.equal(path, "/v1/completions");
  assert.equal(messages.length, 1);
  assert.equal(messages[0]?.role, null);
  assert.equal(messages[0]?.segments.map(({ text }) => text).join(""), body.prompt);
});

test("images and conversations stand where they are sent", () => {
  const source =
    "---\ninputs:\n  - { name: picture, kind: image }\n  - { name: talk, kind: thread }\n---\nuser:\nLook:\n{{ picture }}\nWell?\n\n{{ talk }}\nuser:\nEnd";
  const talk = [
    { role: "assistant", content: "Hm." },
    { role: "user", content: "So?" },
  ];
  const values = { picture: { value: `data:image/png;base64,${"A".repeat(500)}`, mediaType: "image/png" }, talk };
  const { messages, body } = requestOf(source, { ...SEED, columns: values });
  assert.deepEqual(
    messages.map(({ role, segments }) => [role, segments.map(({ text, part, input }) => [part ?? text, input])]),
    [
      [
        "user",
        [
          ["Look:", null],
          ["image", 0],
          ["Well?", null],
        ],
      ],
      ["assistant", [["Hm.", 1]]],
      ["user", [["So?", 1]]],
      ["user", [["End", null]]],
    ],
  );
  assert.equal((body.messages as unknown[]).length, 4);
  assert.ok((messages[0]?.segments[1]?.text.length ?? 0) < 100);
});

test("whatever stands in values, what is shown is what is sent, and every run is its piece of the template", () => {
  const body = fc
    .array(
      fc.constantFrom(
        "user:\n",
        "assistant:\n",
        "\n",
        "\r\n",
        "{{ text }}",
        "{{ section }}",
        "{%- if text %}x{% endif -%}",
        "Hello ",
        "  ",
        "{# c #}",
        "é😀",
      ),
      {
        maxLength: 25,
      },
    )
    .map((words) => words.join(""));
  const value = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("system:\nx", "\n\n", "", "a\n", "\ud83d", "\ude00"));
  let traced = 0;
  fc.assert(
    fc.property(body, value, value, (source, text, section) => {
      const { request } = draft(source, { ...SEED, text, columns: { section } });
      if (request === null) return;
      const sent = request.body.messages as { content: unknown }[];
      assert.equal(request.messages.length, sent.length);
      for (const [index, { segments }] of request.messages.entries()) {
        const shown = segments.map((segment) => segment.text).join("");
        assert.equal(shown, sentTexts(sent[index] as { content: unknown }));
        for (const { input, text: run, span } of segments) {
          if (input !== null) continue;
          traced++;
          assert.equal(
            source.slice(span.start, span.end).replaceAll("\r\n", "\n").trimEnd().startsWith(run.trimEnd()),
            true,
            `${JSON.stringify(run)} at ${span.start}`,
          );
        }
      }
    }),
    { numRuns: 2_000 },
  );
  assert.ok(traced > 1_000);
});

test("every prefix of a shipped template has an answer", () => {
  const source = readFileSync(new URL("../../../prompts/base/grade.prompty", import.meta.url), "utf8");
  let rendered = 0;
  for (let end = 0; end <= source.length; end++) {
    const { problems, request } = draft(source.slice(0, end));
    if (request === null) assert.ok(problems.some(({ severity }) => severity === "error"));
    else rendered++;
  }
  assert.ok(rendered > 1_000);
});
