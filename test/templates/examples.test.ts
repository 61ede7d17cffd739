import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { parseTemplate } from "../../server/src/prompty/template.ts";
import { parseResponse } from "../../server/src/synthesis/parse.ts";
import { splitProgram } from "../../server/src/synthesis/program.ts";
import { partsOf, readTemplate, renderWith, SHIPPED } from "./shipped.ts";

const BASE = SHIPPED.filter((path) => path.startsWith("base/"));

interface Example {
  title: string;
  problem: string;
  solution: string;
  answer: string | null;
}

/** The worked examples of a form, each read by the form's own rule as if a model had just written it. */
function examplesOf(path: string): Example[] {
  const { profile } = parseTemplate(readTemplate(path));
  const [, ...written] = renderWith(path, "A passage.").text.split("## Problem\n");
  assert.equal(written.pop(), "", "the prompt ends where the model begins");
  return written.map((text) => {
    const body = { choices: [{ text, finish_reason: "stop" }] };
    const { problems, failure } = parseResponse(profile.parse, body, "/v1/completions");
    assert.equal(failure, null);
    assert.equal(problems.length, 1);
    const [{ problem, solution, answer } = { problem: "", solution: "", answer: null }] = problems;
    const title = /^\*\*(.+?)\.\*\* \S/.exec(problem)?.[1];
    assert.ok(title !== undefined, `without a title: ${problem}`);
    return { title, problem, solution, answer };
  });
}

/** The results again, each by another way than the example's: trying out, adding up small pieces, or direct sums. */
const RESULTS: Record<string, [said: number, found: number]> = {
  "Lena's tulips": [47, 6 * 9 - 7],
  "Omar's book": [16, (12 + 20 + 16) / 3],
  "Priya's plums": [8, (64 * 0.75) / 6],
  "Mr. Novak's bus": [26, 31 - 14 + 9],
  "Yusuf's lemonade": [400, first((syrup) => syrup / (1800 - syrup) === 2 / 7)],
  "A coat on sale": [81, 120 * 0.75 * 0.9],
  "Ines and her brother": [12, first((age) => 3 * age + 2 * (age + 5) === 70)],
  "The path through the park": [29, Math.hypot(21, 20)],
  "Between a parabola and a line": [2, Math.min(...range(2001).map((k) => ((x) => x * x - 6 * x + 11 - (2 * x - 7))(k / 100 - 10)))],
  "Three numbers in a sequence": [18, first((third) => geometric(third, 26, 216))],
  "A handful of beads": [10 / 21, chance(range(9), 3, (hand) => hand.filter((bead) => bead < 5).length === 2)],
  "Two ropes to a hook": [Math.sqrt(57), Math.hypot(7 - 8 * Math.cos(Math.PI / 3), 8 * Math.sin(Math.PI / 3))],
  "Growth that speeds up": [3 * Math.E - 1, solve((x, y) => 2 * x * (y + 1), 2)],
  "The fifth power": [122, range(5).reduce(([a = 0, b = 0]) => [2 * a + b, a + 2 * b], [1, 0])[0] ?? Number.NaN],
  "The later of two arrivals": [1 / 2, integrate((x) => integrate((y) => Math.max(x, y) ** 2, 0, 1), 0, 1)],
  "A full purse": [34, pays(300, [10, 20, 50]).length],
  "Numbers without a seven": [57, range(72).filter((k) => k > 0 && !(7 * k).toString().includes("7") && 7 * k <= 500).length],
  "The largest garden": [54, Math.max(...[1, 2, 4, 8, 16].map((factor) => (factor + 2) * (16 / factor + 2)))],
  "Four throws": [73 / 648, throwsWithSum(4, 14) / 6 ** 4],
  "The end of a long sequence": [365, remainders(8, 125)],
  "Grid points in a disc": [120, 4 * range(8).reduce((sum, x) => sum + (x > 0 ? Math.ceil(Math.sqrt(50 - x * x)) - 1 : 0), 0)],
  "Under a dome": [8 * Math.PI, integrate((x) => integrate((y) => Math.max(0, 4 - x * x - y * y), -2, 2), -2, 2)],
};

/** How the examples write what is no plain number. */
const WRITTEN: Record<string, number> = {
  "\\frac{10}{21}": 10 / 21,
  "\\sqrt{57}": Math.sqrt(57),
  "3e-1": 3 * Math.E - 1,
  "\\frac{1}{2}": 1 / 2,
  "8\\pi": 8 * Math.PI,
  "73/648": 73 / 648,
};

for (const path of BASE) {
  const examples = examplesOf(path);
  const { format } = partsOf(path);

  test(`${path} has examples that differ and stops where its rule stops`, () => {
    assert.equal(examples.length, format === "tool" ? 3 : 4);
    assert.equal(new Set(examples.map(({ title }) => title)).size, examples.length);
    assert.equal(new Set(examples.map(({ answer }) => answer)).size, examples.length);
    const { request } = renderWith(path, "A passage.");
    assert.deepEqual(request.body.stop, ["\n## Passage", "\n## Problem"]);
  });

  test(`${path} has room for twice its longest example`, () => {
    const { maxOutputTokens } = parseTemplate(readTemplate(path)).model?.options ?? {};
    const longest = Math.max(...examples.map(({ problem, solution }) => countTokens(`${problem}\n\n## Solution\n${solution}`)));
    assert.ok(2 * longest <= (maxOutputTokens ?? 0), `${longest} tokens`);
  });

  test(`${path} works its examples correctly`, { skip: format === "tool" && python() === null ? "there is no Python" : false }, () => {
    for (const { title, solution, answer } of examples) {
      const [said, found] = RESULTS[title] ?? assert.fail(`no other way to ${title}`);
      assert.equal(WRITTEN[answer ?? ""] ?? Number(answer), said, title);
      assert.ok(Math.abs(said - found) < 1e-3, `${title}: ${said} and ${found}`);
      if (format === "tool") {
        const { program, output, conclusion } = splitProgram(solution);
        assert.equal(output, null, "no example shows what its program prints");
        const run = spawnSync(python() ?? "", ["-c", program ?? ""], { encoding: "utf8" });
        assert.equal(run.stderr, "", title);
        assert.equal(run.stdout.trim(), answer, title);
        assert.ok(conclusion.endsWith(`The answer is ${answer}.`), title);
        continue;
      }
      for (const [step, calculation = "", result] of stepsOf(solution)) assert.equal(calculate(calculation), Number(result), step);
    }
  });
}

test("the examples for children calculate every step, and the last one gives the answer", () => {
  for (const { solution, answer } of examplesOf("base/grade")) {
    const steps = stepsOf(solution);
    assert.ok(steps.length >= 2, solution);
    assert.equal(answer, steps.at(-1)?.[2]);
  }
});

test("every result that is found again belongs to an example", () => {
  const titles = BASE.flatMap((path) => examplesOf(path).map(({ title }) => title));
  assert.deepEqual(Object.keys(RESULTS).toSorted(), titles.toSorted());
});

function python(): string | null {
  return ["python3", "python"].find((name) => spawnSync(name, ["-c", "import fractions"]).status === 0) ?? null;
}

function stepsOf(solution: string): RegExpMatchArray[] {
  return [...solution.matchAll(/(?<![\d^{])(\d+(?: ?(?:[+−×÷]|\\cdot) ?\d+)+) ?= ?(\d+)/g)];
}

/** Sums of terms, or products and quotients from left to right, as the examples write them. */
function calculate(text: string): number {
  const [first, ...rest] = text.split(/ ?([+−×÷]|\\cdot) ?/);
  let value = Number(first);
  for (let k = 0; k < rest.length; k += 2) {
    const next = Number(rest[k + 1]);
    if (rest[k] === "+") value += next;
    else if (rest[k] === "−") value -= next;
    else if (rest[k] === "÷") value /= next;
    else value *= next;
  }
  return value;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, k) => k);
}

function first(holds: (n: number) => boolean): number {
  return range(10_000).find(holds) ?? Number.NaN;
}

/** Whether `third` ends a growing geometric sequence of three terms with this sum and product. */
function geometric(third: number, sum: number, product: number): boolean {
  const middle = Math.cbrt(product);
  const one = middle ** 2 / third;
  return one < middle && Math.abs(one + middle + third - sum) < 1e-9;
}

function chance(things: number[], drawn: number, good: (hand: number[]) => boolean): number {
  const hands = (from: number[], count: number): number[][] =>
    count === 0 ? [[]] : from.flatMap((one, k) => hands(from.slice(k + 1), count - 1).map((rest) => [one, ...rest]));
  const all = hands(things, drawn);
  return all.filter(good).length / all.length;
}

/** Ways to pay an amount with at least one coin of each kind. */
function pays(amount: number, coins: number[]): number[][] {
  const [coin, ...rest] = coins;
  if (coin === undefined) return amount === 0 ? [[]] : [];
  return range(Math.max(0, Math.floor(amount / coin))).flatMap((k) => pays(amount - (k + 1) * coin, rest).map((ways) => [k + 1, ...ways]));
}

/** How many results of so many dice have this sum, from the sums of one die fewer. */
function throwsWithSum(dice: number, sum: number): number {
  if (dice === 0) return sum === 0 ? 1 : 0;
  return range(6).reduce((ways, face) => ways + throwsWithSum(dice - 1, sum - face - 1), 0);
}

/** The 30th term of a(1) = 2, a(n + 1) = a(n)² + n by its remainders for two coprime moduli. */
function remainders(one: number, other: number): number {
  const term = (modulus: number) => range(29).reduce((a, k) => (a * a + k + 1) % modulus, 2);
  return first((n) => n < one * other && n % one === term(one) && n % other === term(other));
}

/** The midpoint rule. */
function integrate(f: (x: number) => number, from: number, to: number, pieces = 400): number {
  const width = (to - from) / pieces;
  return range(pieces).reduce((sum, k) => sum + f(from + (k + 0.5) * width) * width, 0);
}

/** y(1) for y' = f(x, y) and a given y(0), by the midpoint method. */
function solve(f: (x: number, y: number) => number, start: number, steps = 10_000): number {
  const h = 1 / steps;
  return range(steps).reduce((y, k) => y + h * f((k + 0.5) * h, y + (h / 2) * f(k * h, y)), start);
}
