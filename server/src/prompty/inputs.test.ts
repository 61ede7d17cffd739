import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type CheckedInputs, checkInputs } from "./inputs.ts";
import { parseTemplate } from "./template.ts";

function check(declaration: string, value?: unknown): CheckedInputs {
  const template = parseTemplate(`---\ninputs:\n  - name: a\n    ${declaration}\n---\nHi`);
  assert.deepEqual(template.diagnostics, []);
  return checkInputs(template, value === undefined ? {} : { a: value });
}

test("a missing required input is told with its name, place and remedy", () => {
  for (const value of [undefined, null]) {
    const [problem, ...others] = check("required: true", value).problems;
    assert.deepEqual(others, []);
    assert.equal(problem?.code, "template/missing-input");
    assert.match(problem?.message ?? "", /“a”/);
    assert.deepEqual(problem?.data, { input: "a" });
    assert.deepEqual([problem?.where?.line, problem?.where?.column], [3, 11]);
    assert.ok(problem?.remedy);
  }
});

test("defaults fill in, examples never do, and other inputs pass through", () => {
  assert.deepEqual(check("default: x").inputs, { a: "x" });
  assert.deepEqual(check("default: x", "y").inputs, { a: "y" });
  assert.deepEqual(check("default: x", "").inputs, { a: "" });
  assert.deepEqual(check("example: x").inputs, {});
  assert.deepEqual(checkInputs(parseTemplate("{{ a }}"), { a: 1, b: [2] }), { inputs: { a: 1, b: [2] }, problems: [] });
});

suite("kinds", () => {
  const fits: [string, unknown, unknown][] = [
    ["string", "x", "x"],
    ["string", 5, 5],
    ["integer", 5, 5],
    ["integer", " -12 ", -12],
    ["float", 1.5, 1.5],
    ["float", "2.5e3", 2500],
    ["boolean", "false", false],
    ["array", [1], [1]],
    ["array", '["x"]', ["x"]],
    ["object", '{"x": 1}', { x: 1 }],
    ["thread", [{ role: "user", content: "x" }], [{ role: "user", content: "x" }]],
    ["image", "https://example.org/x.png", "https://example.org/x.png"],
  ];
  for (const [kind, value, expected] of fits)
    test(`${kind} takes ${JSON.stringify(value)}`, () => {
      const { inputs, problems } = check(`kind: ${kind}`, value);
      assert.deepEqual(problems, []);
      assert.deepEqual(inputs.a, expected);
    });

  const misfits: [string, unknown, RegExp][] = [
    ["string", ["x"], /must be text, not a list/],
    ["string", { x: 1 }, /must be text, not a map/],
    ["integer", 1.5, /must be a whole number, not a number/],
    ["integer", "five", /must be a whole number, not text/],
    ["float", Number.NaN, /must be a number/],
    ["float", "", /must be a number, not text/],
    ["boolean", 1, /must be true or false, not a whole number/],
    ["array", "[1", /must be a list, not text/],
    ["object", [1], /must be a map, not a list/],
    ["thread", "x", /no conversation/],
    ["image", 5, /holds no image/],
    ["string\n    enumValues: [x, y]", "z", /none of the allowed values/],
  ];
  for (const [kind, value, message] of misfits)
    test(`${kind.split("\n")[0]} refuses ${JSON.stringify(value)}`, () => {
      const [problem, ...others] = check(`kind: ${kind}`, value).problems;
      assert.deepEqual(others, []);
      assert.equal(problem?.code, "template/invalid-input");
      assert.match(problem?.message ?? "", message);
      assert.deepEqual([problem?.where?.line, problem?.where?.column], [3, 11]);
      assert.ok(problem?.remedy);
    });
});
