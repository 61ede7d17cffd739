import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findAnswer, lastBoxed, lastPhrase } from "./answer.ts";
import { splitProgram } from "./program.ts";

test("the last balanced box counts", () => {
  assert.equal(lastBoxed("\\boxed{1} and \\boxed{\\frac{1}{2}}"), "\\frac{1}{2}");
  assert.equal(lastBoxed("\\boxed{\\{1, 2\\}}"), "\\{1, 2\\}");
  assert.equal(lastBoxed("\\boxed{3} then \\boxed{4"), "3");
  assert.equal(lastBoxed("\\boxed {5}"), "5");
  assert.equal(lastBoxed("\\fbox{6}"), "6");
  assert.equal(lastBoxed("{ \\boxed{7} }} {"), "7");
  assert.equal(lastBoxed("\\boxed{}"), null);
  assert.equal(lastBoxed("\\\\boxed{8}"), null);
  assert.equal(lastBoxed("none"), null);
});

test("the answer of a phrase ends with its sentence, without dollar signs", () => {
  const cases: [string, string | null][] = [
    ["So the answer is 42.", "42"],
    ["The answer is $3.14$. Good.", "3.14"],
    ["The final answer is: **12 apples**", "12 apples"],
    ["Answer: 7\nnext line", "7"],
    ["The answer is 3.5 meters, as we saw.", "3.5 meters, as we saw"],
    ["The answer is:\n\\[ x = 2 \\]", "x = 2"],
    ["She has 24.\n#### 24", "24"],
    ["The answer is 1. No: the answer is 2.", "2"],
    ["The correct answer to the problem is \\(5\\).", "5"],
    ["##### 24", null],
    ["There is no reply.", null],
    ["The answer is", null],
  ];
  for (const [text, expected] of cases) assert.equal(lastPhrase(text), expected, text);
});

test("each rule looks where it says", () => {
  const text = "The answer is 1. \\boxed{2}";
  assert.equal(findAnswer(text, "boxed"), "2");
  assert.equal(findAnswer("The answer is 1.", "boxed"), null);
  assert.equal(findAnswer(text, "any"), "2");
  assert.equal(findAnswer("The answer is 1.", "any"), "1");
});

test("a program's answer is what the conclusion claims, never the output that the model wrote", () => {
  const program = "```python\nprint(3)  # \\boxed{9}\n```\n```output\n3\n```\n";
  assert.equal(findAnswer(`${program}So it is $\\boxed{3}$.`, "program"), "3");
  assert.equal(findAnswer(`${program}The answer is 3.`, "program"), "3");
  assert.equal(findAnswer(program, "program"), null);
  assert.deepEqual(splitProgram(`We compute.\n${program}Done.`), { program: "print(3)  # \\boxed{9}", output: "3", conclusion: "Done." });
  assert.equal(splitProgram("```python\n\n```").program, null);
  assert.equal(splitProgram("```python\nx").program, null);
  assert.equal(splitProgram("~~~py\nx = 1\n~~~").program, "x = 1");
});

/** LaTeX-like text whose braces balance. */
const { balanced } = fc.letrec<{ balanced: string }>((tie) => ({
  balanced: fc.oneof(
    { maxDepth: 4 },
    fc.stringMatching(/^[a-z0-9+ ]{1,8}$/).filter((text) => text.trim() !== ""),
    fc.tuple(tie("balanced"), tie("balanced")).map(([a, b]) => `${a}{${b}}`),
    tie("balanced").map((inner) => `\\{${inner}\\}`),
  ),
}));

test("whatever stands balanced in the last box comes back", () => {
  fc.assert(
    fc.property(balanced, balanced, fc.constantFrom("", "{", "}", "\\boxed{", "\\boxed{1} "), (content, behind, before) => {
      assert.equal(lastBoxed(`${before} x \\boxed{${content}} ${behind}`), content.trim());
    }),
  );
});
