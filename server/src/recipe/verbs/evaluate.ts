import * as z from "zod";
import { EvaluateSpec } from "#protocol/files/specs/evaluate.ts";
import { common, engineArguments, files, model, oneOrMore } from "./parts.ts";

const { tests: specTests, shots: specShots, prompt, instruction, sampling, grading } = EvaluateSpec.shape;
const test = specTests.element.shape;
const shots = specShots.unwrap().shape;

export const evaluateStep = z.strictObject({
  verb: z.literal("evaluate").describe("Lets a model solve test problems and counts what is right."),
  model: model.describe("Who solves them."),
  tests: oneOrMore(
    z.union([
      files("A test file: path or pattern.", "data/tests/*.jsonl", true),
      // Results name a test by its file, unless they are told how.
      z.strictObject({ ...test, path: files(test.path.description ?? "", "data/tests/gsm8k.jsonl", "name") }),
    ]),
  ),
  styles: z
    .array(z.enum(["cot", "tool"]))
    .min(1)
    .default(["cot"])
    .describe("How problems are solved: cot, step by step in words; tool, by a program that is run.")
    .meta({ examples: [["cot", "tool"]] }),
  shots: z
    .strictObject({ ...shots, path: files(shots.path.description ?? "", "data/train/gsm8k.jsonl") })
    .optional()
    .describe("Solved problems that stand before each test problem."),
  prompt,
  instruction,
  sampling,
  grading,
  ...engineArguments,
  ...common,
});
