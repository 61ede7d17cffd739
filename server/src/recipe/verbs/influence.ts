import * as z from "zod";
import { InfluenceSpec } from "#protocol/files/specs/influence.ts";
import { free } from "../roles.ts";
import { common, files, model, oneOrMore, rows, tests } from "./parts.ts";

const {
  task: _task,
  model: _model,
  candidates: _candidates,
  tests: _tests,
  store: _store,
  targets,
  warmup,
  checkpoints,
  batch_tokens,
  launch,
  ...settings
} = InfluenceSpec.shape;
const checkpoint = checkpoints.unwrap().element.shape;

/** The arguments of the recipe, and the worker's own settings by their own names. */
export const influenceStep = z.strictObject({
  verb: z.literal("influence").describe("Scores candidates by how much training on them helps with the target problems."),
  candidates: oneOrMore(rows).describe("Problems to be scored."),
  base: model.describe("The reference model, whose gradients are compared: the one that will be trained, or a smaller relative."),
  targets: z
    .record(targets.keyType, oneOrMore(rows))
    .describe("Problems that the model should become good at, by the name of their task. Never those of the tests.")
    .meta({ examples: [{ gsm8k: "data/train/gsm8k.jsonl" }] }),
  tests: tests.optional().describe("Test files that no target may overlap."),
  ...settings,
  warmup: z
    .strictObject({
      ...warmup.unwrap().shape,
      data: oneOrMore(rows)
        .optional()
        .describe(warmup.unwrap().shape.data.description ?? ""),
    })
    .prefault({})
    .describe("How the adapter is trained whose gradients are taken."),
  checkpoints: z
    .array(z.strictObject({ ...checkpoint, path: files(checkpoint.path.description ?? "", "checkpoints/epoch-1") }))
    .min(1)
    .optional()
    .describe(checkpoints.description ?? ""),
  batch_tokens: free(batch_tokens),
  launch: free(launch),
  ...common,
});
