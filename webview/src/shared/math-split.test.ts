import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MATH_MAX_CHARACTERS, splitMath, withOpenFormula } from "./math-split.ts";

const formulas = (text: string): string[] => splitMath(text).flatMap((part) => (part.kind === "math" ? [part.tex] : []));

const texts = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom("$", "$$", "\\(", "\\)", "\\[", "\\]", "\\$", "\\", "{", "}", " ", "\n", "\n\n", "5", "x", "and"),
        fc.constantFrom("\\begin{align}", "\\end{align}", "\\begin{align*}", "\\end{align*}", "\\boxed{", "\\frac{1}{2}"),
      ),
      { maxLength: 60 },
    )
    .map((words) => words.join("")),
);

test("the parts of any text, put together, are the text, and no formula is empty", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const parts = splitMath(text);
      assert.equal(parts.map(({ source }) => source).join(""), text);
      for (const part of parts) {
        assert.notEqual(part.source, "");
        if (part.kind === "math") assert.notEqual(part.tex.trim(), "");
      }
    }),
    { numRuns: 2_000 },
  );
});

test("every form of a formula is found", () => {
  assert.deepEqual(formulas("so $x^2$, \\(y\\) and $$z$$ or \\[w\n+1\\]."), ["x^2", "y", "z", "w\n+1"]);
  assert.deepEqual(formulas("\\begin{align*}a&=b\\\\\nc&=d\\end{align*}"), ["\\begin{align*}a&=b\\\\\nc&=d\\end{align*}"]);
  assert.deepEqual(
    splitMath("$$x$$ $y$").map((part) => part.kind === "math" && part.display),
    [true, false, false],
  );
});

test("a box around an answer is a formula by itself, whatever is in it", () => {
  assert.deepEqual(formulas("so \\boxed{\\frac{1}{2}}. And $\\boxed{3}$"), ["\\boxed{\\frac{1}{2}}", "\\boxed{3}"]);
  assert.deepEqual(formulas("\\boxed{} and \\boxed{never"), []);
});

test("a dollar inside of braces belongs to the formula", () => {
  assert.deepEqual(formulas("$\\text{it costs $5$}+1$ more"), ["\\text{it costs $5$}+1"]);
});

test("money is no formula", () => {
  for (const text of [
    "It costs $5 and $7.",
    "from $5,000–$7,000 a year",
    "He has $12, she has $8",
    "$3 for a pen, US$ 4 for a book",
    "$ 5 or 5 $",
    "a single $",
    "\\$5 and \\$6",
    "pays $5.\n\nThen $x",
  ])
    assert.deepEqual(formulas(text), [], text);
});

test("money and formulas side by side are told apart", () => {
  assert.deepEqual(formulas("Ann pays $5 for $n$ apples and $7 for $m$ pears."), ["n", "m"]);
  assert.deepEqual(formulas("$5$ apples cost $10$ cents, $12 \\text{ cm}$ are $0.12$ m"), ["5", "10", "12 \\text{ cm}", "0.12"]);
});

test("an escaped dollar is shown as a dollar sign, and a formula that never ends is text", () => {
  assert.deepEqual(splitMath("\\$5"), [{ kind: "text", source: "\\$5", text: "$5" }]);
  assert.deepEqual(formulas(`$${"x".repeat(MATH_MAX_CHARACTERS + 1)}$`), []);
});

test("formulas behind much money and many broken lines of a matrix are found", () => {
  const text = `${"It costs $5 and $7. ".repeat(2_000)}${"a\\\\ ".repeat(2_000)} $x$`;
  assert.deepEqual(formulas(text), ["x"]);
});

test("a text of nothing but openings takes no quadratic time to speak of", () => {
  const text = "${".repeat(100_000);
  assert.equal(
    splitMath(text)
      .map(({ source }) => source)
      .join(""),
    text,
  );
});

test("a formula that is still being written is ended, whatever has come of it; money and finished text stay", () => {
  for (const [text, closed] of [
    ["so \\(a_5 = 3\\cdot 23", "so \\(a_5 = 3\\cdot 23\\)"],
    ["$x$ and $\\frac{1}{2", "$x$ and $\\frac{1}{2}$"],
    ["\\[ x +", "\\[ x +\\]"],
    ["costs $5 and", "costs $5 and"],
    ["$x$ is done.", "$x$ is done."],
    ["$", "$"],
  ] as const)
    assert.equal(withOpenFormula(text), closed);
  fc.assert(fc.property(texts, (text) => assert.ok(withOpenFormula(text).startsWith(text.trimEnd()) || withOpenFormula(text) === text)));
});
