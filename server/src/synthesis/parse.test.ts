import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { ParseRule } from "#protocol/template.ts";
import { sharedDataDir, withoutSharedData } from "../../../test/shared-data.ts";
import { parseResponse } from "./parse.ts";

const SECTIONS: ParseRule = { form: "sections", problem: "## Problem", solution: "## Solution", answer: "any" };
const JSON_RULE: ParseRule = { form: "json", problem: "problem", solution: "solution", answer: "any" };
const CONTINUE: ParseRule = { ...SECTIONS, form: "continue" };
const TOOL: ParseRule = { ...SECTIONS, answer: "program" };
const CHAT = "/v1/chat/completions";
const TEXT = "/v1/completions";

const chat = (content: unknown, finish: string | null = "stop", more: object = {}) => ({
  choices: [{ index: 0, message: { role: "assistant", content, ...more }, finish_reason: finish }],
});
const parse = (content: unknown, rule = SECTIONS, finish = "stop") => parseResponse(rule, chat(content, finish), CHAT);
const reason = (content: unknown, rule = SECTIONS, finish = "stop") => parse(content, rule, finish).failure?.reason;

test("headings are found in every usual spelling", () => {
  const spellings: [string, string][] = [
    ["## Problem", "## Solution"],
    ["# problem:", "### SOLUTION"],
    ["**Problem**", "**Solution**"],
    ["**Problem:**", "**Solution**:"],
    ["## **Problem**", "## **Solution:**"],
    ["Problem:", "Solution:"],
    ["Problem", "Solution"],
    ["### Problem 1", "### Solution 1"],
    ["## Problem ##", "## Solution ##"],
    ["__Problem__", "__Solution__"],
    ["## problem：", "## solution："],
  ];
  for (const [problem, solution] of spellings) {
    const found = parse(`Sure, here it is!\r\n\r\n${problem}\r\nWhat is 1 + 1?\r\n\r\n${solution}\nTwo: \\boxed{2}.`);
    assert.deepEqual(found.problems, [{ problem: "What is 1 + 1?", solution: "Two: \\boxed{2}.", answer: "2" }], problem);
    assert.equal(found.failure, null);
  }
});

test("text may stand in the heading's own line behind a colon", () => {
  const found = parse("**Problem:** What is 1 + 1?\n**Solution:** It is 2.\nThe answer is 2.");
  assert.deepEqual(found.problems, [{ problem: "What is 1 + 1?", solution: "It is 2.\nThe answer is 2.", answer: "2" }]);
});

test("what only looks like a heading is none", () => {
  const text =
    "## Problem Solving\nx\n## Problem\nA problem: easy.\nSolutions vary.\n## Solution\n```python\n# Solution\nx = 1\n```\nProblem: none.\n**Problem:** none.";
  const { problems } = parse(text);
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.problem, "A problem: easy.\nSolutions vary.");
  assert.ok(problems[0]?.solution.endsWith("**Problem:** none."));
});

test("several problems under the same headings are several problems", () => {
  const { problems } = parse("## Problem 1\nA\n## Solution 1\nB\n\n## Problem 2\nC\n## Solution 2\n#### 7");
  assert.deepEqual(problems, [
    { problem: "A", solution: "B", answer: null },
    { problem: "C", solution: "#### 7", answer: "7" },
  ]);
});

test("a whole answer in a Markdown fence is unpacked", () => {
  assert.equal(parse("```markdown\n## Problem\nA\n## Solution\n```python\nx\n```\nB\n```").problems[0]?.problem, "A");
});

test("each reason is exact", () => {
  assert.equal(reason("## Problem\nA"), "no heading “## Solution”");
  assert.equal(reason("Here is a thought."), "no heading “## Problem”");
  assert.equal(reason("## Problem\nA\n## Solution\n"), "nothing under the heading “## Solution”");
  assert.equal(reason("## Problem\n\n## Solution\nB"), "nothing under the heading “## Problem”");
  assert.equal(reason(""), "empty response");
  assert.equal(reason(null), "empty response");
  assert.equal(reason("## Problem\nA", SECTIONS, "length"), "cut off by length before the solution");
  assert.equal(reason("Well,", SECTIONS, "length"), "cut off by length before the problem");
  assert.equal(reason("## Problem\nA\n## Solution\nB and", SECTIONS, "length"), "cut off by length in the solution");
  assert.equal(reason("", SECTIONS, "length"), "cut off by length before the first word");
  assert.equal(reason("x", SECTIONS, "content_filter"), "filtered by the provider");
  assert.equal(reason("I'm sorry, but I can't help with that."), "refused: I'm sorry, but I can't help with that");
  assert.equal(reason("## Problem\nA\n## Solution\nIt is 7.", TOOL), "no program between the fences");
  assert.equal(reason("## Problem\nA\n## Solution\n```python\nprint(1)", TOOL), "no program between the fences");
  assert.equal(reason("no object", JSON_RULE), "no JSON object in the response");
  assert.equal(reason('{"problem": "A"}', JSON_RULE), "no field “solution” in the JSON object");
  assert.equal(reason('{"question": "A"}', JSON_RULE), "no field “problem” in the JSON object");
  assert.equal(reason('{"problem": "A", "solu', JSON_RULE, "length"), "cut off by length before the solution");
  assert.equal(reason('{"problem": "A", "solution": "B', JSON_RULE, "length"), "cut off by length in the solution");
});

test("reasons carry their codes", () => {
  const code = (content: unknown, rule = SECTIONS, finish = "stop") => parse(content, rule, finish).failure?.code;
  assert.equal(code(""), "model/empty");
  assert.equal(code("x"), "model/unparsed");
  assert.equal(code("x", SECTIONS, "length"), "model/cut-off");
  assert.equal(code("x", SECTIONS, "content_filter"), "model/filtered");
  assert.equal(code("x", JSON_RULE), "model/not-json");
  assert.equal(parseResponse(SECTIONS, chat(null, "stop", { refusal: "No." }), CHAT).failure?.code, "model/refused");
  assert.equal(parseResponse(SECTIONS, chat(null, "stop", { refusal: "No." }), CHAT).failure?.reason, "refused: No");
  assert.equal(
    parseResponse(SECTIONS, chat(null, "stop", { refusal: "抱歉，我无法回答。 " }), CHAT).failure?.reason,
    "refused: 抱歉，我无法回答",
  );
});

test("endless repetition is named, with what is repeated", () => {
  const loop = `## Problem\nA\n## Solution\n${"We add one and get two. ".repeat(60)}We add`;
  assert.match(
    reason(loop, SECTIONS, "length") ?? "",
    /^endless repetition of “.*We add one and get two.*” \(\d+ times\) until cut off by length$/,
  );
  assert.equal(reason(loop, SECTIONS, "stop"), undefined, "a text that ends by itself is taken as it is");
});

test("a solution that ends before the cut is whole", () => {
  const found = parse("## Problem\nA\n## Solution\nB\n## Problem\nC and so", SECTIONS, "length");
  assert.deepEqual(
    found.problems.map(({ problem }) => problem),
    ["A"],
  );
});

test("reasoning is kept apart, wherever it stands", () => {
  const text = "## Problem\nA\n## Solution\nB";
  assert.equal(parseResponse(SECTIONS, chat(text, "stop", { reasoning_content: "hm" }), CHAT).reasoning, "hm");
  assert.equal(parseResponse(SECTIONS, chat(text, "stop", { reasoning: "hm" }), CHAT).reasoning, "hm");
  const tagged = parse(`<think>## Problem\nnot this\n</think>\n${text}`);
  assert.equal(tagged.reasoning, "## Problem\nnot this");
  assert.deepEqual(
    tagged.problems.map(({ problem }) => problem),
    ["A"],
  );
  assert.equal(parse(`hm</think>${text}`).reasoning, "hm");
  assert.equal(reason("<think>on and on", SECTIONS, "length"), "cut off by length while it was still reasoning");
});

test("content may be a list of parts", () => {
  assert.equal(
    parse([
      { type: "text", text: "## Problem\nA\n" },
      { type: "text", text: "## Solution\nB" },
    ]).problems.length,
    1,
  );
});

test("a completion goes on after the prompt's last heading, and stops at the next example", () => {
  const complete = (text: string, finish = "stop") => parseResponse(CONTINUE, { choices: [{ text, finish_reason: finish }] }, TEXT);
  const found = complete(" What is 1 + 1?\n\n## Solution\nIt is 2.\n### Check\nYes.\n\n## Text\nThe next passage", "length");
  assert.deepEqual(found.problems, [{ problem: "What is 1 + 1?", solution: "It is 2.\n### Check\nYes.", answer: null }]);
  assert.equal(complete("## Problem\nA\n## Solution\nB").problems[0]?.problem, "A");
  assert.equal(complete("A\n## Problem\nC\n## Solution\nD").failure?.reason, "no heading “## Solution”");
  assert.equal(complete("A and on", "length").failure?.reason, "cut off by length before the solution");
});

test("JSON is read plain, fenced, surrounded, wrapped, and with the backslashes of LaTeX", () => {
  const object = { problem: "What is $\\frac{1}{2} + \\beta$?", solution: "It is \\boxed{\\tfrac{1}{2}}." };
  const expected = { ...object, answer: "\\tfrac{1}{2}" };
  const text = JSON.stringify(object);
  for (const content of [
    text,
    `\`\`\`json\n${text}\n\`\`\``,
    `Here {it} is: ${text} Enjoy!`,
    `{"items": [${text}]}`,
    `[${text}]`,
    text.replaceAll("\\\\", "\\"),
  ])
    assert.deepEqual(parse(content, JSON_RULE).problems, [expected], content);
  assert.equal(parse('{"problem": "A\nB", "solution": "C"}', JSON_RULE).problems[0]?.problem, "A\nB");
  assert.deepEqual(parse('{"Problem": "A", "Solution": ["one", "two"], "answer": 7}', JSON_RULE).problems, [
    { problem: "A", solution: "one\ntwo", answer: "7" },
  ]);
});

test("a body of any shape gives a failure, not an error", () => {
  for (const body of [{}, { choices: null }, { choices: [] }, { choices: [1, null] }, { choices: [{}] }, { choices: [{ message: 3 }] }]) {
    const found = parseResponse(SECTIONS, body as Record<string, unknown>, CHAT);
    assert.equal(found.failure?.code, "model/empty");
    assert.deepEqual(found.problems, []);
  }
});

const anyRule = fc.record({
  form: fc.constantFrom("sections" as const, "json" as const, "continue" as const),
  problem: fc.constantFrom("## Problem", "problem", "", "##"),
  solution: fc.constantFrom("## Solution", "solution", "**Solution:**"),
  answer: fc.constantFrom("boxed" as const, "phrase" as const, "any" as const, "program" as const),
});
const piece = fc.oneof(
  fc.constantFrom(
    "## Problem",
    "## Solution",
    "\n",
    "```",
    "```python\n",
    "\\boxed{",
    "}",
    "{",
    '"problem":',
    "[",
    "<think>",
    "</think>",
    "**",
    ":",
    " ",
  ),
  fc.string({ maxLength: 12, unit: "binary" }),
);

test("parsing never throws, and gives either problems or a failure", () => {
  fc.assert(
    fc.property(
      anyRule,
      fc.array(piece, { maxLength: 30 }),
      fc.constantFrom("stop", "length", null),
      fc.boolean(),
      (rule, parts, finish, text) => {
        const content = parts.join("");
        const body = text ? { choices: [{ text: content, finish_reason: finish }] } : chat(content, finish);
        const found = parseResponse(rule, body, text ? TEXT : CHAT);
        assert.equal(found.problems.length === 0, found.failure !== null);
        for (const one of found.problems) assert.ok(one.problem !== "" && one.solution !== "");
      },
    ),
    { numRuns: 500 },
  );
});

test("a body of any JSON never throws", () => {
  fc.assert(
    fc.property(
      anyRule,
      fc.dictionary(fc.constantFrom("choices", "x"), fc.jsonValue()),
      (rule, body) => void parseResponse(rule, body, CHAT),
    ),
  );
});

/** Lines that no heading can be: what a problem and a solution are made of. */
const prose = fc
  .array(
    fc.string({ minLength: 1, maxLength: 40 }).filter((line) => /^[a-z]/i.test(line) && !/problem|solution|[`~]/i.test(line)),
    { minLength: 1, maxLength: 5 },
  )
  .map((lines) => lines.join("\n").trim());

test("a problem and its solution come back as they were written", () => {
  fc.assert(
    fc.property(prose, prose, (problem, solution) => {
      for (const [content, rule] of [
        [`## Problem\n${problem}\n\n## Solution\n${solution}\n`, SECTIONS],
        [`${problem}\n\n## Solution\n${solution}\n`, CONTINUE],
        [`\`\`\`json\n${JSON.stringify({ problem, solution })}\n\`\`\``, JSON_RULE],
      ] as const) {
        const [found] = parse(content, rule).problems;
        assert.deepEqual([found?.problem, found?.solution], [problem, solution]);
      }
    }),
  );
});

test("long input of any kind is read in linear time", () => {
  const long = 300_000;
  for (const unit of ["\\boxed{", "{", "[", "## Problem\n", "problem ", " ", "```\n", "The answer is ", "a", "<think>", '{"a":', "\n"])
    for (const rule of [SECTIONS, JSON_RULE, CONTINUE]) parse(unit.repeat(long / unit.length), rule, "length");
});

test("the released JiuZhang3.0 rows parse", { skip: withoutSharedData }, () => {
  const rows = (name: string) =>
    readFileSync(join(sharedDataDir ?? "", name), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { input: string; output: string });
  const count = (name: string, rule: ParseRule) => {
    const found = rows(name).map(({ input, output }) => ({ output, ...parse(input + output, rule) }));
    for (const { problems, output } of found) assert.equal(problems[0]?.solution, output.trim());
    return {
      parsed: found.filter(({ failure }) => failure === null).length,
      answered: found.filter(({ problems }) => problems[0]?.answer).length,
    };
  };
  const tool = count("jiuzhang-tool-500.jsonl", {
    form: "sections",
    problem: "## Question",
    solution: "## Code Solution",
    answer: "program",
  });
  const prose = count("jiuzhang-cot-1000.jsonl", { form: "sections", problem: "## Question", solution: "## Solution", answer: "any" });
  assert.deepEqual(tool, { parsed: 500, answered: 497 });
  // Most of the prose solutions say their result in free words.
  assert.deepEqual(prose, { parsed: 1000, answered: 308 });
});
