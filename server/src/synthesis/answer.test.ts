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
    ["The answer is:\n\n#### Conclusion\nWe are done.", null],
    ["The answer is 4. Check it again.", "4"],
    ["**Answer:**\nShe has **30** shells. They are small.", "She has 30 shells"],
    ["**Answer:** each gets **3**.", "each gets 3"],
    ["The answer is 2**10.", "2**10"],
    ["Answer:\n1. Part a is 3.\n2. Part b is 4.", null],
    ["Answer:\n- Part a is 3.", null],
    ["Answer: -5", "-5"],
    ["Answer:\n-5", "-5"],
    ["Simplified, the answer is what follows here:\n7", null],
    ["The answer is 6.\n#### Conclusion", "6"],
    ["The answer is 6.\n#### Step 3", "6"],
    ["#### The answer is 6.", "6"],
    ["#### Final answer: 6", "6"],
    ["The answer is", null],
  ];
  for (const [text, expected] of cases) assert.equal(lastPhrase(text), expected, text);
});

test("“####” gives an answer in the last line only, and only a value", () => {
  const values: [string, string][] = [
    ["72", "72"],
    ["1,000", "1,000"],
    ["-3.5", "-3.5"],
    ["$18", "$18"],
    ["50%", "50%"],
    ["12 red apples", "12 red apples"],
    ["**7**", "7"],
    ["$\\frac{1}{2}$", "\\frac{1}{2}"],
    ["x = 5", "x = 5"],
    ["ab = 5", "ab = 5"],
    ["n + 1", "n + 1"],
    ["\\pi", "\\pi"],
    ["B", "B"],
    ["(3, 4)", "(3, 4)"],
    ["5 \\text{ square meters}", "5 \\text{ square meters}"],
  ];
  for (const [written, expected] of values) {
    for (const end of ["", "\n", "\r\n  \n"]) assert.equal(lastPhrase(`We add.\r\n#### ${written}${end}`), expected, written);
    assert.equal(lastPhrase(`#### ${written}\nThen we go on`), null, written);
  }
  for (const heading of [
    "Conclusion",
    "Step 3",
    "Part (b): Area",
    "2. Area",
    "2) Area of the circle",
    "Final Answer",
    "We get 5. Done",
    "3 apples are what she has left",
    "---",
    "",
    `1${"0".repeat(90)}`,
  ])
    assert.equal(lastPhrase(`We add.\n#### ${heading}`), null, heading);
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
