import * as z from "zod";
import { free, withRole } from "../roles.ts";
import { NAME } from "../schema.ts";
import { common, engineArguments, input, model, oneOrMore, where } from "./parts.ts";

const SEEDS = "Texts that problems are made from: an import as steps.NAME, or a path or pattern of files.";

export const synthesizeStep = z.strictObject({
  verb: z.literal("synthesize").describe("Asks a model for a problem with its solution from each seed."),
  seeds: z.union([
    input(["seeds"], SEEDS, "steps.seeds"),
    z.strictObject({
      from: input(["seeds", "scores"], `${SEEDS} With top also an influence step.`, "steps.value"),
      top: z
        .int()
        .positive()
        .optional()
        .describe("So many seeds, those with the best candidates of an influence step.")
        .meta({ examples: [4000] }),
      where: where.optional(),
    }),
  ]),
  sample: z
    .int()
    .positive()
    .optional()
    .describe("Only so many of the seeds, drawn at random.")
    .meta({ examples: [5300] }),
  seed: z.int().nonnegative().default(0).describe("Of the drawing of seeds and templates."),
  prompts: oneOrMore(
    withRole(
      z
        .string()
        .min(1)
        .meta({ description: "Templates: paths or patterns of .prompty files.", examples: ["prompts/**/*.prompty"] }),
      { is: "templates" },
    ),
  ),
  assign: z
    .enum(["one", "all"])
    .default("one")
    .describe("one: each seed is asked with one of the templates, drawn for it; all: with every one."),
  samples: z.int().positive().default(1).describe("Answers to each request. More than one needs a temperature."),
  endpoint: withRole(
    z
      .string()
      .regex(NAME)
      .describe("Who is asked: a name under “endpoints”. Either this or model.")
      .meta({ examples: ["teacher"] }),
    { is: "endpoint" },
  ).optional(),
  model: model.optional().describe("Who is asked: a model that runs on the step's host. Either this or endpoint."),
  budget: free(
    z
      .number()
      .positive()
      .optional()
      .describe("Money at which the step stops, in the currency of the endpoint's price. What was paid for is kept.")
      .meta({ examples: [150] }),
  ),
  ...engineArguments,
  ...common,
});
