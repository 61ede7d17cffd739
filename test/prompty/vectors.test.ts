import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import type { Message } from "#protocol/template.ts";
import { toAgent } from "../../server/src/prompty/agent.ts";
import { checkInputs } from "../../server/src/prompty/inputs.ts";
import { loadTemplate, throwErrors } from "../../server/src/prompty/load.ts";
import { parseMessages } from "../../server/src/prompty/messages.ts";
import type { ReferenceSources } from "../../server/src/prompty/references.ts";
import { render, renderPieces } from "../../server/src/prompty/render.ts";
import { parseTemplate, type Template } from "../../server/src/prompty/template.ts";
import { toRequest } from "../../server/src/prompty/wire.ts";
import { sharedDataDir, withoutSharedData } from "../shared-data.ts";

type Data = Record<string, unknown>;
interface Vector {
  operation: string;
  vector: { name: string; description: string; input: Data; expected: Data };
}

const dir = sharedDataDir ?? "";
const vectors: Vector[] = withoutSharedData === false ? JSON.parse(readFileSync(join(dir, "prompty-vectors.json"), "utf8")) : [];

/** A template made of the members that a vector gives; JSON is YAML. */
function withFrontMatter(data: Data, body: string): string {
  return `---\n${JSON.stringify(data)}\n---\n${body}`;
}

/** Everything that `expected` names must be in `actual`; members that it does not name are free. Null stands for absent too. */
function assertHolds(actual: unknown, expected: unknown, path: string): void {
  if (expected === null) assert.ok(actual === null || actual === undefined, `${path} should be absent`);
  else if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${path} should be a list`);
    assert.equal(actual.length, expected.length, `${path}: length`);
    for (const [i, item] of expected.entries()) assertHolds(actual[i], item, `${path}[${i}]`);
  } else if (typeof expected === "object") {
    assert.ok(typeof actual === "object" && actual !== null, `${path} should be a map`);
    for (const [key, value] of Object.entries(expected as Data)) assertHolds((actual as Data)[key], value, `${path}.${key}`);
  } else assert.deepEqual(actual, expected, path);
}

/** The vectors name errors by a class or by words of the message. */
function assertFails(work: () => unknown, expected: Data): void {
  assert.throws(work, (thrown: unknown) => {
    assert.ok(thrown instanceof AppError);
    const { code, message, data, remedy } = thrown.problem;
    assert.ok(remedy, "every error says what to do");
    if (expected.error === "FileNotFoundError") assert.equal(code, "template/unreadable");
    else if (expected.error === "StrictViolation") assert.equal(code, "template/strict-violation");
    else assert.ok(message.toLowerCase().includes(String(expected.error).toLowerCase()), message);
    if (expected.error_field !== undefined) assert.equal(data?.input, expected.error_field);
    return true;
  });
}

function loadVector(input: Data): Template {
  const files = input.files as Data | undefined;
  const sources: ReferenceSources = {
    env: (input.env ?? {}) as Record<string, string>,
    readFile: (path) => (files !== undefined && path in files ? JSON.stringify(files[path]) : null),
  };
  const read = (path: string): string | null => {
    if (typeof input.frontmatter_raw === "string") return input.frontmatter_raw;
    if (input.frontmatter !== undefined) return withFrontMatter(input.frontmatter as Data, "Hello");
    const file = join(dir, "prompty-fixtures", path);
    return existsSync(file) ? readFileSync(file, "utf8") : null;
  };
  return loadTemplate(String(input.fixture ?? "vector.prompty"), read, sources);
}

function checkLoad(input: Data, expected: Data): void {
  const load = (): { template: Template; validated: Data } => {
    const template = loadVector(input);
    const { inputs, problems } = checkInputs(template, (input.inputs ?? {}) as Data);
    if (input.inputs !== undefined) throwErrors(problems);
    return { template, validated: inputs };
  };
  if (expected.error !== undefined) {
    assertFails(load, expected);
    return;
  }
  const { validated_inputs, ...agent } = expected;
  const { template, validated } = load();
  if (validated_inputs !== undefined) assert.deepEqual(validated, validated_inputs);
  assertHolds(toAgent(template), agent, "agent");
}

/** A vector says with `_kind` that an input is declared as rich, and with `strict_props` that it is declared as strict. */
function templateOf(input: Data): { template: Template; inputs: Data } {
  const inputs = input.inputs as Data;
  const declared = Object.entries(inputs).flatMap(([name, value]) => {
    const kind = (value as Data | null)?._kind;
    const strict = ((input.strict_props ?? []) as string[]).includes(name);
    return kind === undefined && !strict ? [] : [{ name, kind: kind ?? "string", strict }];
  });
  const body = String(input.template);
  return { template: parseTemplate(declared.length === 0 ? body : withFrontMatter({ inputs: declared }, body)), inputs };
}

function checkRender(input: Data, expected: Data): void {
  const { template, inputs } = templateOf(input);
  const { text, segments } = render(template, inputs);
  assert.equal(segments.map((segment) => segment.text).join(""), text);
  if (expected.nonce_pattern !== undefined) assert.match(text, new RegExp(String(expected.nonce_pattern)));
  else assert.equal(text, expected.rendered);
}

function checkSegments(input: Data, expected: Data): void {
  const { template, inputs } = templateOf(input);
  if (expected.error !== undefined) {
    assertFails(() => renderPieces(template, inputs), expected);
    return;
  }
  const segments = renderPieces(template, inputs).pieces.map(({ kind, text, source, strict }) => ({ kind, text, source, strict }));
  assert.deepEqual(segments, expected.segments);
}

function checkRequest(input: Data, expected: Data): void {
  const { model_id, apiType, options, tools, outputs, messages } = input;
  const template = parseTemplate(withFrontMatter({ model: { id: model_id, apiType, options }, tools, outputs }, "Hello"));
  assert.deepEqual(template.diagnostics, []);
  const { url, body } = toRequest(template, { text: "", messages: messages as Message[] });
  assert.equal(url, "/v1/chat/completions");
  assert.deepEqual(body, expected.request_body);
}

const checks: Record<string, (input: Data, expected: Data) => void> = {
  load: checkLoad,
  render: checkRender,
  renderSegments: checkSegments,
  parse: (input, expected) =>
    assert.deepEqual(parseMessages(String(input.rendered), input.thread_inputs as Data | undefined), expected.messages),
  toRequest: checkRequest,
};

suite("published conformance vectors of Prompty", { skip: withoutSharedData }, () => {
  test("all 89 are here", () => assert.equal(vectors.length, 89));
  for (const { operation, vector } of vectors)
    test(`${operation}: ${vector.name}`, () => {
      const check = checks[operation];
      assert.ok(check, `no check for ${operation}`);
      check(vector.input, vector.expected);
    });
});
