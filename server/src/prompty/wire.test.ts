import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { render } from "./render.ts";
import { parseTemplate } from "./template.ts";
import { type RequestChoices, toRequest, type WireRequest } from "./wire.ts";

function request(frontMatter: string, choices: RequestChoices = {}, body = "user:\nHi"): WireRequest {
  const template = parseTemplate(`---\n${frontMatter}\n---\n${body}`);
  assert.deepEqual(template.diagnostics, []);
  return toRequest(template, render(template, {}), choices);
}

const messages = [{ role: "user", content: "Hi" }];

suite("chat", () => {
  test("the caller's sampling lies over the template's, member by member", () => {
    const model = "model: { id: m, options: { temperature: 0.5, seed: 1, topK: 5, additionalProperties: { logprobs: true, min_p: 0.1 } } }";
    const sampling = { temperature: 1, seed: null, topP: 0.9, maxOutputTokens: 100, additionalProperties: { min_p: 0.2, model: "evil" } };
    assert.deepEqual(request(model, { sampling }), {
      url: "/v1/chat/completions",
      body: { model: "m", messages, temperature: 1, top_p: 0.9, max_completion_tokens: 100, logprobs: true, min_p: 0.2 },
    });
  });

  test("the endpoint's model and its name for the length limit", () => {
    const { body } = request("model: { id: m, options: { maxOutputTokens: 5 } }", { model: "other", maxTokensField: "max_tokens" });
    assert.deepEqual(body, { model: "other", messages, max_tokens: 5 });
  });

  test("outputs are asked for unless the caller declines", () => {
    const outputs = "model: m\noutputs: [{ name: problem, kind: string, required: true }, { name: level, kind: string, enumValues: [a] }]";
    const schema = {
      type: "object",
      properties: { problem: { type: "string" }, level: { type: ["string", "null"], enum: ["a", null] } },
      required: ["problem", "level"],
      additionalProperties: false,
    };
    const response_format = { type: "json_schema", json_schema: { name: "structured_output", strict: true, schema } };
    assert.deepEqual(request(outputs).body, { model: "m", messages, response_format });
    assert.deepEqual(request(outputs, { structured: false }).body, { model: "m", messages });
  });

  test("unions keep their composition", () => {
    const union = "model: m\noutputs: [{ name: u, kind: union, oneOf: [{ kind: string }, { kind: array, items: { kind: integer } }] }]";
    const { response_format } = request(union).body as { response_format: { json_schema: { schema: { properties: unknown } } } };
    assert.deepEqual(response_format.json_schema.schema.properties, {
      u: { oneOf: [{ type: "string" }, { type: "array", items: { type: "integer" } }, { type: "null" }] },
    });
  });

  test("attributes of a marker go along, but never replace the role or the content", () => {
    const { body } = request("model: m", {}, 'user[name="Ann", role=system, content=x]:\nHi');
    assert.deepEqual(body.messages, [{ name: "Ann", role: "user", content: "Hi" }]);
  });

  test("no model, or another kind of API, is refused with a remedy", () => {
    for (const frontMatter of ["name: x", "model: { id: m, apiType: embedding }"])
      assert.throws(
        () => request(frontMatter),
        (thrown: unknown) =>
          thrown instanceof AppError && thrown.problem.code === "template/invalid" && thrown.problem.remedy !== undefined,
      );
  });
});

test("a completion sends its prompt, and its limit as max_tokens", () => {
  const frontMatter = "model: m\nmetadata: { jiuzhang: { completion: true } }\noutputs: { a: { kind: string } }";
  const choices: RequestChoices = { sampling: { maxOutputTokens: 9, stopSequences: ["##"] }, maxTokensField: "max_completion_tokens" };
  assert.deepEqual(request(frontMatter, choices, "## Text\n\n## Problem\n"), {
    url: "/v1/completions",
    body: { model: "m", prompt: "## Text\n\n## Problem\n", max_tokens: 9, stop: ["##"] },
  });
});
