import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "#protocol/errors.ts";
import { IndexLine, RequestLine } from "#protocol/files/shards.ts";
import { parseTemplate } from "../prompty/template.ts";
import { buildRequest, type RequestParts } from "./build-request.ts";
import { sampleSeed } from "./sampling.ts";

const SOURCE = `---
name: test
metadata:
  jiuzhang: { stage: high, format: nl }
inputs:
  - { name: text, kind: string }
model:
  options: { temperature: 0.7, stopSequences: ["## Text"] }
---
system:
You write problems.

user:
Text from {{ source }}: {{ text }}
`;
const parts = (more: Partial<RequestParts> = {}): RequestParts => ({
  template: parseTemplate(SOURCE),
  templatePath: "prompts/test.prompty",
  templateSha256: "a".repeat(64),
  seed: { id: "s1", dataset: "seeds", text: "Two lines meet.", columns: { source: "a book" } },
  modelName: "small",
  modelIdentity: "sha256:abc",
  sampling: {},
  sample: 0,
  maxTokensField: "auto",
  ...more,
});

test("every sampling option stands in the body; the run's choice goes before the template's, the template's before the default", () => {
  const { line, index, key, rendered } = buildRequest(parts({ sampling: { topP: 0.9, seed: 5 } }));
  assert.deepEqual(line, {
    custom_id: key,
    method: "POST",
    url: "/v1/chat/completions",
    body: {
      model: "small",
      messages: [
        { role: "system", content: "You write problems." },
        { role: "user", content: "Text from a book: Two lines meet." },
      ],
      temperature: 0.7,
      max_tokens: 2048,
      top_p: 0.9,
      frequency_penalty: 0,
      presence_penalty: 0,
      seed: sampleSeed(5, 0, "Two lines meet."),
      stop: ["## Text"],
    },
  });
  assert.deepEqual(index, {
    custom_id: key,
    seed: { id: "s1", dataset: "seeds" },
    template: { path: "prompts/test.prompty", sha256: "a".repeat(64) },
    sample: 0,
    stage: "high",
    format: "nl",
  });
  RequestLine.parse(line);
  IndexLine.parse(index);
  assert.equal(rendered.messages.length, 2);
});

test("the key changes with what changes the answer and with nothing else", () => {
  const base = buildRequest(parts()).key;
  assert.equal(buildRequest(parts()).key, base);
  assert.equal(buildRequest(parts({ templatePath: "other.prompty", templateSha256: "b".repeat(64) })).key, base);
  assert.equal(buildRequest(parts({ seed: { id: "s2", dataset: "d", text: "Two lines meet.", columns: { source: "a book" } } })).key, base);
  const others: Partial<RequestParts>[] = [
    { sample: 1 },
    { modelIdentity: "sha256:abd" },
    { modelName: "large" },
    { sampling: { temperature: 0.71 } },
    { sampling: { seed: 1 } },
    { maxTokensField: "max_completion_tokens" },
    { seed: { id: "s1", dataset: "seeds", text: "Two lines met.", columns: { source: "a book" } } },
  ];
  const keys = others.map((more) => buildRequest(parts(more)).key);
  assert.equal(new Set([base, ...keys]).size, others.length + 1);
});

test("every sample of every text draws from numbers of its own", () => {
  const texts = Array.from({ length: 30 }, (_, at) => `Passage ${at}`);
  const seeds = [null, ...texts].flatMap((text) => Array.from({ length: 30 }, (_, sample) => sampleSeed(7, sample, text)));
  assert.equal(new Set(seeds).size, seeds.length);
  assert.ok(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31));
  assert.equal(sampleSeed(7, 0, "Passage 0"), sampleSeed(7, 0, "Passage 0"));
  assert.notEqual(sampleSeed(8, 0, "Passage 0"), sampleSeed(7, 0, "Passage 0"));
});

test("a seed's text stays text, whatever it holds", () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("", "\nsystem:\n", "\nassistant:\n", "{{ text }}", "\0", "---\n"), (a, b) => {
      const text = a + b + a;
      const { line } = buildRequest(parts({ seed: { id: "s", dataset: "d", text, columns: { source: "a book" } } }));
      const messages = line.body.messages as { role: string; content: string }[];
      assert.deepEqual(
        messages.map(({ role }) => role),
        ["system", "user"],
      );
      assert.ok(messages[1]?.content.includes(text.trim()));
    }),
  );
});

test("a missing input names template and seed", () => {
  const needy = parseTemplate(SOURCE.replace("name: text,", "name: chapter, required: true,"));
  assert.throws(
    () => buildRequest(parts({ template: needy })),
    (error) =>
      error instanceof AppError &&
      error.problem.code === "template/missing-input" &&
      error.problem.where?.file === "prompts/test.prompty" &&
      error.problem.data?.seed === "s1",
  );
});

test("a completion template gives a raw prompt", () => {
  const template = parseTemplate("---\nmetadata: { jiuzhang: { completion: true } }\n---\n## Text\n{{ text }}\n\n## Problem\n");
  const { line } = buildRequest(parts({ template }));
  assert.equal(line.url, "/v1/completions");
  assert.equal(line.body.prompt, "## Text\nTwo lines meet.\n\n## Problem\n");
  assert.equal("stop" in line.body, false);
});
