import assert from "node:assert/strict";
import { test } from "node:test";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { FORMATS, type Format, STAGES, type Stage } from "#protocol/template.ts";
import { parseTemplate } from "../../server/src/prompty/template.ts";
import { partsOf, readTemplate, renderWith, SHIPPED } from "./shipped.ts";

/** Tokens of the longest seed of the sample project, rounded up: a passage of about 1,000 characters. */
const SEED_TOKENS = 350;
/** Tokens per word of the corpus that the paper's authors released: 95 of 100 solutions have fewer, 99 have fewer than the second. */
const TOKENS_PER_WORD = { usual: 2.62, most: 3.15 };
const TOKENS_PER_LINE = 16;
/** A sentence or two before the program and behind it. */
const TOKENS_AROUND_PROGRAM = 200;
/** What one example has when a synthesizer is trained (JiuZhang3.0: 2,048 tokens for prompt, problem and solution together). */
const TRAINING_TOKENS = 2048;

const COLLEGE_WORDS = /calculus|integral|derivative|differential|eigenvalue/;
const HIGH_SCHOOL_WORDS = /trigonometry|logarithm|vector|complex number|polynomial/;

/** What each stage says and what it must not say, in whichever format. */
const STAGE_WORDS: Record<Stage, { says: RegExp; never: RegExp[] }> = {
  grade: { says: /primary school/, never: [COLLEGE_WORDS, HIGH_SCHOOL_WORDS, /equation/] },
  middle: { says: /middle school.*eleven to fourteen years/s, never: [COLLEGE_WORDS, HIGH_SCHOOL_WORDS] },
  high: { says: /high school.*fifteen to eighteen years/s, never: [/eigenvalue|differential/] },
  college: { says: /undergraduates.*years of university/s, never: [] },
  amc8: { says: /AMC 8.*mathematics of the eighth grade/s, never: [COLLEGE_WORDS, HIGH_SCHOOL_WORDS] },
  amc10: { says: /AMC 10.*mathematics of the tenth grade.*neither trigonometry nor logarithms nor calculus/s, never: [] },
  amc12: { says: /AMC 12.*mathematics of high school.*no calculus/s, never: [] },
  aime: { says: /AIME.*mathematics of high school.*no calculus/s, never: [] },
};
const CONTESTS: readonly string[] = ["amc8", "amc10", "amc12", "aime"];
/** Stages whose numbers may have a unit. */
const WITH_UNITS: readonly string[] = ["grade", "middle", "amc8"];

const CHAT = SHIPPED.filter((path) => !path.startsWith("base/"));

/** The text that is sent, without a passage. */
const textOf = (path: string): string => renderWith(path, "").text;

function sectionsOf(path: string): { problem: string[]; solution: string[] } {
  const found = /^About the problem:\n(.*?)\n\nAbout the solution:\n(.*?)\n\nAnswer in exactly these two sections/ms.exec(textOf(path));
  const items = (text = "") => text.split("\n").map((line) => line.replace(/^- /, ""));
  return { problem: items(found?.[1]), solution: items(found?.[2]) };
}

const numbers = (text: string, unit: string): number[] =>
  [...text.matchAll(new RegExp(`at most (\\d+) ${unit}`, "g"))].map((match) => Number(match[1]));
const wordsIn = (items: string[]): number | null => {
  const found = numbers(items.join("\n"), "words");
  assert.ok(found.length <= 1, `two lengths: ${found.join(", ")}`);
  return found[0] ?? null;
};

test("every stage has one template for each format, and its forms for completion are those that make sense", () => {
  for (const format of FORMATS)
    assert.deepEqual(
      CHAT.map(partsOf).flatMap((parts) => (parts.format === format ? [parts.stage] : [])),
      STAGES.toSorted(),
    );
  // A model that only completes imitates its examples. Three of them carry a school stage; of a contest, what comes is a known problem.
  assert.deepEqual(
    SHIPPED.filter((path) => path.startsWith("base/")),
    ["base/college", "base/grade", "base/high", "base/high-tool", "base/middle", "base/middle-tool"],
  );
  const said = SHIPPED.map((path) => {
    const { profile } = parseTemplate(readTemplate(path));
    return [profile.stage, profile.format, profile.completion].join(" ");
  });
  assert.equal(new Set(said).size, SHIPPED.length);
});

for (const path of CHAT) {
  const { stage, format } = partsOf(path) as { stage: Stage; format: Format };
  const text = textOf(path);
  const { problem, solution } = sectionsOf(path);

  test(`${path} asks for what its stage knows`, () => {
    const { says, never } = STAGE_WORDS[stage];
    assert.match(text, says);
    for (const words of never) assert.doesNotMatch(text, words);
    const named = [...text.matchAll(/AMC \d+|AIME/g)].map(([name]) => name.replace(" ", "").toLowerCase());
    assert.deepEqual(new Set(named), new Set(CONTESTS.includes(stage) ? [stage] : []));
    assert.equal(
      problem.some((line) => /neither a problem of a past contest/.test(line)),
      CONTESTS.includes(stage),
    );
    assert.match(text, /hardly about mathematics/, "a seed may be anything");
  });

  test(`${path} takes the passage as an inspiration and wants a whole problem`, () => {
    assert.equal(text.match(/Do not copy the passage, its numbers or its examples, and do not mention it or ask about it\./g)?.length, 1);
    assert.equal(text.match(/complete in itself/g)?.length, 1);
  });

  test(`${path} asks for one answer, in one form that a program can read`, () => {
    assert.equal(text.match(/one result|Its answer is an integer/g)?.length, 1);
    assert.equal(solution.join("\n").match(/\\boxed\{\}/g)?.length, 1);
    assert.match(text, stage.startsWith("amc") ? /five choices; here there are none/ : /No (?:proof, no )?choices/);
    assert.match(text, /[Nn]o drawing/);
    const box = solution.find((line) => line.includes("\\boxed{}")) ?? "";
    assert.equal(/unit, if it has one, behind the box/.test(box), WITH_UNITS.includes(stage));
    assert.equal(/and money in words/.test(text), WITH_UNITS.includes(stage), "a dollar sign of money would open a formula");
  });

  test(`${path} asks for an integer from 000 to 999 exactly if it is the AIME's`, () => {
    assert.equal(/integer from 000 to 999/.test(problem.join("\n")), stage === "aime");
    assert.equal(/999/.test(text), stage === "aime");
    assert.equal(/integer in \\boxed\{\}, written without leading zeros\./.test(solution.join("\n")), stage === "aime");
    assert.equal(/exact number|an expression/.test(problem.join("\n")) && stage === "aime", false);
  });

  test(`${path} asks for a solution of its format alone`, () => {
    if (format === "nl") {
      assert.doesNotMatch(text, /program|Python|code|print(?!s five choices)|```/);
      assert.match(text, /\(the solution, step by step, with the answer in \\boxed\{\} at its end\)/);
      assert.match(solution.join("\n"), /^End with a sentence that gives/m);
      return;
    }
    assert.match(text, /solve it with a Python program\./);
    assert.equal(solution.filter((line) => /one complete program/.test(line)).length, 1);
    assert.match(solution.join("\n"), /reads no input, opens no files, ends within seconds/);
    const printed = stage === "aime" ? "integer" : WITH_UNITS.includes(stage) ? "number without its unit" : "(?:result|number)";
    assert.match(solution.join("\n"), new RegExp(`prints the ${printed} and nothing else\\.`));
    assert.match(solution.join("\n"), /Do not write down what the program prints in a block of its own: the program will be run\./);
    assert.match(solution.join("\n"), /^After the program, conclude in one or two sentences/m);
    assert.doesNotMatch(text, /step by step|```output|End with/);
    assert.equal(text.match(/```/g)?.length, 2, "the two fences of the program, named in one sentence");
  });

  test(`${path} has room for the lengths that it asks for, in its answer and where a synthesizer learns from it`, () => {
    const words = (wordsIn(problem) ?? Number.NaN) + (format === "nl" ? (wordsIn(solution) ?? Number.NaN) : 0);
    const lines = numbers(solution.join("\n"), "lines");
    assert.deepEqual([lines.length, wordsIn(solution) === null], format === "nl" ? [0, false] : [1, true]);
    const program = format === "nl" ? 0 : (lines[0] ?? Number.NaN) * TOKENS_PER_LINE + TOKENS_AROUND_PROGRAM;
    const options = parseTemplate(readTemplate(path)).model?.options;
    assert.ok(words * TOKENS_PER_WORD.most + program <= (options?.maxOutputTokens ?? 0));
    assert.ok(countTokens(text) + SEED_TOKENS + words * TOKENS_PER_WORD.usual + program <= TRAINING_TOKENS);
    // No sentence speaks of a length but those that the sums above know.
    assert.doesNotMatch(text, /long(?:er)? (?:solution|explanation)|as short as|in detail|briefly|at least \d+/);
  });
}

test("both formats of a stage ask for the same problem: result, seed, length", () => {
  for (const stage of STAGES) {
    const [prose, tool] = [sectionsOf(`nl/${stage}`).problem, sectionsOf(`tool/${stage}`).problem];
    const level = (line: string) => /hardly about mathematics/.test(line);
    assert.deepEqual(
      prose.filter((line) => !level(line)),
      tool.filter((line) => !level(line)),
    );
  }
});

test("what is asked for grows with the stage", () => {
  for (const order of [
    ["grade", "middle", "high", "college"],
    ["amc8", "amc10", "amc12", "aime"],
  ])
    for (const limits of [
      order.map((stage) => wordsIn(sectionsOf(`nl/${stage}`).solution) ?? 0),
      order.map((stage) => wordsIn(sectionsOf(`nl/${stage}`).problem) ?? 0),
      order.map((stage) => numbers(textOf(`tool/${stage}`), "lines")[0] ?? 0),
    ])
      assert.deepEqual(
        limits,
        limits.toSorted((a, b) => a - b),
      );
});

test("no two templates say the same of themselves or have the same example", () => {
  const of = (get: (template: ReturnType<typeof parseTemplate>) => unknown, paths = SHIPPED) =>
    paths.map((path) => get(parseTemplate(readTemplate(path))));
  for (const said of [of(({ name }) => name), of(({ description }) => description), of(({ inputs }) => inputs[0]?.example, CHAT)])
    assert.equal(new Set(said).size, said.length);
  assert.equal(new Set(CHAT.map((path) => /^system:\n(.*)$/m.exec(readTemplate(path))?.[1])).size, CHAT.length);
});
