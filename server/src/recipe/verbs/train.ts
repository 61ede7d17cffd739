import * as z from "zod";
import { TrainSpec } from "#protocol/files/specs/train.ts";
import { free, withRole } from "../roles.ts";
import { common, model, oneOrMore, rows } from "./parts.ts";

const { task: _task, model: _model, data: _data, preset, micro_batch_size, deepspeed, launch, ...settings } = TrainSpec.shape;
const checkpoints = settings.checkpoints.unwrap().shape;

/** The arguments of the recipe, and the worker's own settings by their own names. */
export const trainStep = z.strictObject({
  verb: z.literal("train").describe("Trains a model on rows."),
  preset: preset.meta({ examples: ["synthesizer"] }),
  base: model.describe("The model that is trained further."),
  data: oneOrMore(rows).describe("What it is trained on, part after part."),
  form: z
    .enum(["solver", "writer", "text"])
    .optional()
    .describe("solver: problem → solution; writer: rendered template → problem with solution; text: documents. By preset."),
  ...settings,
  activation_checkpointing: free(settings.activation_checkpointing),
  evaluate_every: free(settings.evaluate_every),
  checkpoints: z
    .strictObject({
      ...checkpoints,
      every_steps: free(checkpoints.every_steps),
      every_seconds: free(checkpoints.every_seconds),
      keep: free(checkpoints.keep),
    })
    .prefault({}),
  micro_batch_size: free(micro_batch_size),
  deepspeed: withRole(deepspeed, { is: "files" }),
  launch: free(launch),
  ...common,
});
