import * as z from "zod";
import { hostSchema } from "./hosts.ts";
import { embeddedEndpoint, NAME, servedEndpoint } from "./schema.ts";
import { VERBS } from "./verbs.ts";

const { import: taken, synthesize, train, influence, verify, evaluate, export: exported, run } = VERBS;

/** The whole of `jiuzhang.yaml`: one schema gives validation, the editor's help and the published JSON Schema. */
export const recipeSchema = z.strictObject({
  endpoints: z
    .record(z.string().regex(NAME), z.union([embeddedEndpoint, servedEndpoint]))
    .optional()
    .describe("The models that this project asks, by name."),
  hosts: z.record(z.string().regex(NAME), hostSchema).optional().describe("The machines that steps run on, by name."),
  steps: z
    .record(
      z.string().regex(NAME),
      z.discriminatedUnion("verb", [
        taken.schema,
        synthesize.schema,
        train.schema,
        influence.schema,
        verify.schema,
        evaluate.schema,
        exported.schema,
        run.schema,
      ]),
    )
    .optional()
    .describe("What is done, step by step, by name. A step uses the result of another as steps.NAME."),
});

/** JSON Schema (draft 7, what YAML editors understand) of `jiuzhang.yaml`, as people write it. */
export function recipeJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(recipeSchema, { target: "draft-7", io: "input" });
}
