import * as z from "zod";
import { DataSpec, LoraSpec, launch, ModelSpec } from "./common.ts";

/**
 * Settings that a preset gives and the spec may override, member by member.
 *
 * synthesizer, student: JiuZhang3.0 (arXiv:2405.14365) and its repository RUCAIBox/JiuZhang3.0. synthesizer: sh/synthesis/train.sh
 * (DeepSeekMath-7B-RL, all weights, 1e-5 cosine without warm-up, 5 epochs, batch 32, 2,048 tokens, weight decay 0.1).
 * student: sh/train/train.sh, train_pack.py and src/utils/train_utils.py (all weights, 1e-5, WSD: warm-up 3 %, stable to 85 % of the
 * steps, then linear towards zero and never below a tenth; one pass in the order of the files, batch 512, packed to 2,048, weight decay 0).
 * Both train in bf16 with checkpointed activations and evaluate nothing meanwhile.
 */
export const TRAIN_PRESETS = {
  plain: {
    method: "lora",
    held_out: 0.02,
    epochs: 3,
    batch_size: 16,
    max_length: 2048,
    packing: "bfd",
    learning_rate: 2e-4,
    weight_decay: 0,
    activation_checkpointing: false,
    schedule: { kind: "cosine", warmup: 0.03, stable: 0.85, floor: 0 },
  },
  synthesizer: {
    method: "full",
    held_out: 0,
    epochs: 5,
    batch_size: 32,
    max_length: 2048,
    packing: "none",
    learning_rate: 1e-5,
    weight_decay: 0.1,
    activation_checkpointing: true,
    schedule: { kind: "cosine", warmup: 0, stable: 0.85, floor: 0 },
  },
  student: {
    method: "full",
    held_out: 0,
    epochs: 1,
    batch_size: 512,
    max_length: 2048,
    packing: "bfd",
    learning_rate: 1e-5,
    weight_decay: 0,
    activation_checkpointing: true,
    schedule: { kind: "wsd", warmup: 0.03, stable: 0.85, floor: 0.1 },
  },
} as const;

const share = z.number().min(0).max(1);

const ScheduleSpec = z.strictObject({
  kind: z.enum(["cosine", "wsd", "linear", "constant"]).optional().describe("How the learning rate runs. wsd: warm-up, stable, decay"),
  warmup: share.optional().describe("Share of all steps in which the learning rate rises from 0; the floor does not lift it"),
  stable: share.optional().describe("wsd: the share of all steps after which the decay begins"),
  floor: share.optional().describe("The learning rate never falls below this share of its maximum after the warm-up"),
});

export const TrainSpec = z.strictObject({
  task: z.literal("train"),
  preset: z
    .enum(["plain", "synthesizer", "student"])
    .default("plain")
    .describe(
      "Gives the members below that the spec does not name. synthesizer and student: the settings of JiuZhang3.0 for the model that writes problems and for the one that solves them",
    )
    .meta({ presets: TRAIN_PRESETS }),
  model: ModelSpec,
  data: z
    .array(DataSpec)
    .min(1)
    .describe("Parts, trained on in this order within each epoch (corpus, then SFT); each part is shuffled within itself"),
  held_out: share
    .max(0.5)
    .optional()
    .describe("Share of the rows that is not trained on but evaluated; a row's content decides. By preset"),
  method: z.enum(["lora", "full"]).optional().describe("lora: an adapter; full: all weights. By preset"),
  lora: LoraSpec.prefault({}),
  epochs: z.int().min(1).optional().describe("Passes over the data. By preset"),
  max_steps: z.int().min(1).optional().describe("At most so many steps of the optimizer, on which the schedule is laid out"),
  batch_size: z.int().min(1).optional().describe("Sequences per step of the optimizer, on all processes together. By preset"),
  micro_batch_size: z
    .int()
    .min(1)
    .default(1)
    .describe("Sequences that one process holds at once. Changes nothing but memory, speed and the last digits of sums"),
  max_length: z.int().min(8).optional().describe("Tokens per sequence; longer rows are cut, documents are split. By preset"),
  packing: z
    .enum(["none", "bfd"])
    .optional()
    .describe("bfd: several rows fill one sequence, best fit first, and do not see one another. By preset"),
  learning_rate: z.number().positive().optional().describe("By preset"),
  schedule: ScheduleSpec.prefault({}).describe("Members that are not named: by preset"),
  weight_decay: z.number().min(0).optional().describe("By preset"),
  betas: z.tuple([share, share]).default([0.9, 0.999]).describe("Adam's two averages"),
  epsilon: z.number().positive().default(1e-8).describe("Adam's, outside the root"),
  max_grad_norm: z.number().positive().default(1).describe("Longer gradients are cut to this norm"),
  precision: z
    .enum(["auto", "float32", "bfloat16"])
    .default("auto")
    .describe("auto: bfloat16 on a GPU, float32 on a CPU. Weights that are trained are kept in float32"),
  activation_checkpointing: z.boolean().optional().describe("Less memory for about a third more time; the same result. By preset"),
  sharding: z.enum(["none", "fsdp2", "deepspeed"]).default("none").describe("How weights and optimizer are spread over the processes"),
  deepspeed: z.string().optional().describe("Its configuration file, relative to the spec's folder"),
  evaluate_every: z
    .int()
    .min(1)
    .optional()
    .describe("Steps between evaluations of the held-out rows; at the end of each epoch they are anyway"),
  checkpoints: z
    .strictObject({
      every_steps: z.int().min(1).default(500).describe("Steps between two checkpoints"),
      every_seconds: z.number().positive().default(1800).describe("Seconds after which the next step is followed by a checkpoint"),
      keep: z.int().min(1).default(2).describe("So many of the last checkpoints stay while it runs"),
      optimizer: z
        .enum(["drop", "keep"])
        .default("drop")
        .describe("keep: one folder per epoch with the adapter, Adam's moments and the mean learning rate, as influence needs them"),
    })
    .prefault({}),
  export: z
    .array(z.enum(["merged", "gguf-adapter", "gguf-model"]))
    .default([])
    .describe(
      "What is written beside `adapter/` or `model/`. merged: adapter and model in one; gguf-adapter, gguf-model: for the embedded engine",
    ),
  gguf_type: z.enum(["q8_0", "f16", "bf16", "f32"]).default("q8_0").describe("How the weights of gguf-model are stored"),
  seed: z.int().min(0).default(42).describe("Of the adapter's first weights, the shuffling and dropout"),
  launch,
});
export type TrainSpec = z.infer<typeof TrainSpec>;
