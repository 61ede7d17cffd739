import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cli } from "../cli/harness.ts";
import { startModel } from "../protocol/model-server.ts";
import { sampleProject } from "./project.ts";

const STAGES = ["grade", "middle", "high", "college"];

/** A problem at a place of the dataset “clean”, with words that tests search for. */
export function problemAt(index: number): { problem: string; solution: string; stage: string } {
  const stage = STAGES[index % STAGES.length] as string;
  const solution = String.raw`The sum is $${index} + 1$, so the answer is $\boxed{${index + 1}}$.`;
  if (index === 3)
    return {
      problem: String.raw`Broken TeX: \(\frac{a}{\sqrt{b}\) stands in this row, and \(a^2 + b^2 = c^2\) is set.`,
      solution,
      stage,
    };
  const word = index % 10 === 0 ? "heptagon" : "garden";
  const long =
    index % 7 === 0
      ? String.raw` Its area grows as \(\sum_{k=1}^{n} k^2 = \frac{n(n+1)(2n+1)}{6}\), and it is asked for all \(n \geq 1\). `.repeat(3)
      : "";
  return {
    problem: String.raw`Case ${index}: a ${word} has \(\sqrt{${index + 2}}\) metres of fence, and one metre more is bought.${long} How many metres are there?`,
    solution,
    stage,
  };
}

/** A project with seeds, imported problems (“clean”) and, from a model with made-up answers, generated ones (“made”). */
export async function corpusProject(options: { rows: number; made: number }): Promise<string> {
  const project = await sampleProject();
  // The newest rows are listed first, so the last line is the first row.
  const rows = Array.from({ length: options.rows }, (_, line) => JSON.stringify(problemAt(options.rows - 1 - line)));
  writeFileSync(join(project, "data", "problems.jsonl"), `${rows.join("\n")}\n`);
  await done(["import", "data/seeds.jsonl", "--dataset", "seeds"], project);
  await done(["import", "data/problems.jsonl", "--dataset", "clean"], project);
  if (options.made > 0) {
    const ended: (() => unknown)[] = [];
    const model = await startModel({ after: (close) => void ended.push(close as () => unknown) });
    writeFileSync(join(project, "jiuzhang.yaml"), `endpoints:\n  teacher: { base_url: "${model.url}", model: big }\n`);
    const template = ["--template", "prompts/nl/grade.prompty", "--seeds", "data/seeds.jsonl"];
    await done(["generate", ...template, "--count", String(options.made), "--dataset", "made"], project);
    for (const end of ended) await end();
  }
  return project;
}

async function done(args: string[], cwd: string): Promise<void> {
  const { code, stderr } = await cli(args, { cwd });
  assert.equal(code, 0, stderr);
}
