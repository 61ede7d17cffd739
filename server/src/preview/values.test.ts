import assert from "node:assert/strict";
import { test } from "node:test";
import { errorsOf } from "../prompty/load.ts";
import { render } from "../prompty/render.ts";
import { parseTemplate } from "../prompty/template.ts";
import { namesRead, needsValues } from "./names.ts";
import { sampleValues } from "./sample-values.ts";
import { countsExactly, estimateTokens, expectedCompletion, expectedCost, formatTokens, promptTexts } from "./tokens.ts";

test("the names that a body reads are told from its loop variables, and plain ones from those that are looked into", () => {
  const { all, plain } = namesRead(
    parseTemplate(
      "user:\n{{ text }} {{ seed.title }} {% for x in list %}{{ x }} {{ loop.index }}{% endfor %}{% if hint %}{{ hint }}{% endif %}",
    ).nodes,
  );
  assert.deepEqual([...all].sort(), ["hint", "list", "seed", "text"]);
  assert.deepEqual([...plain], ["text"]);
});

test("a template needs values unless everything that it reads has a default", () => {
  const inputs = (more: string) => `---\ninputs:\n  - { name: text, kind: string${more} }\n---\nuser:\n{{ text }}`;
  assert.equal(needsValues(parseTemplate("user:\nHello")), false);
  assert.equal(needsValues(parseTemplate(inputs(", default: x"))), false);
  assert.equal(needsValues(parseTemplate(inputs(""))), true);
  assert.equal(needsValues(parseTemplate("user:\n{{ text }}")), true);
  assert.equal(needsValues(parseTemplate("---\ninputs:\n  - { name: text, kind: string, required: true }\n---\nuser:\nHello")), true);
});

test("sample values render every kind of input without an error", () => {
  const kinds = ["string", "integer", "float", "boolean", "array", "object", "image", "file", "audio", "thread", "other"];
  const inputs = kinds.map((kind) => `  - { name: ${kind}_1, kind: ${kind}, required: true }`).join("\n");
  const union =
    "  - { name: u, kind: union, required: true, oneOf: [{ kind: integer }] }\n  - { name: e, kind: string, enumValues: [red, blue] }";
  const template = parseTemplate(
    `---\ninputs:\n${inputs}\n${union}\n---\nuser:\n${kinds.map((kind) => `{{ ${kind}_1 }}`).join("\n")} {{ e }} {{ free }}`,
  );
  assert.deepEqual(errorsOf(template.diagnostics), []);
  const { diagnostics, text } = render(template, sampleValues(template));
  assert.deepEqual(errorsOf(diagnostics), []);
  assert.match(text, /‹string_1›[\s\S]* red ‹free›/);
});

test("an example goes before what is made up, and a default before both", () => {
  const template = parseTemplate(
    "---\ninputs:\n  - { name: a, kind: string, example: A }\n  - { name: b, kind: string, default: B, example: X }\n---\nuser:\n{{ a }}{{ b }}",
  );
  assert.equal(render(template, sampleValues(template)).text.trim().split("\n").at(-1), "AB");
});

test("tokens and money: what is read, what the format adds, what is expected", () => {
  const chat = {
    messages: [
      { role: "user", content: "abc" },
      { role: "user", content: [{ type: "text", text: "d" }, { type: "image_url" }] },
    ],
    max_tokens: 100,
  };
  assert.deepEqual(promptTexts(chat), ["abc", "d"]);
  assert.deepEqual(promptTexts({ prompt: "p" }), ["p"]);
  assert.equal(formatTokens(chat), 11);
  assert.equal(formatTokens({ prompt: "p" }), 0);
  assert.equal(estimateTokens(["a".repeat(36)]), 10);
  assert.deepEqual(expectedCompletion(chat, null), { tokens: 100, from: "limit" });
  assert.deepEqual(expectedCompletion(chat, 41.6), { tokens: 42, from: "answers" });
  assert.equal(expectedCompletion({ prompt: "p" }, null), null);
  assert.equal(expectedCost(1_000_000, { tokens: 500_000, from: "limit" }, { prompt: 2, completion: 10 }), 7);
  assert.equal(expectedCost(1, { tokens: 1, from: "limit" }, null), null);
});

test("a count is said to be exact only for models whose tokenizer it is, and for nothing but text", () => {
  const body = { messages: [{ role: "user", content: "x" }] };
  for (const model of ["gpt-4o", "gpt-4o-mini", "gpt-4.1-2025-04-14", "chatgpt-4o-latest", "openai/gpt-4o"])
    assert.equal(countsExactly(model, body), true, model);
  for (const model of ["gpt-4", "gpt-4old", "embedded", "deepseek-chat", "my-gpt-4o"])
    assert.equal(countsExactly(model, body), false, model);
  assert.equal(countsExactly("gpt-4o", { messages: [{ role: "user", content: [] }] }), false);
  assert.equal(countsExactly("gpt-4o", { ...body, response_format: {} }), false);
});
