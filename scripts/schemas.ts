/**
 * Writes the JSON Schema of every file that jobs share beside its zod schema, for readers in other languages, and that of the recipe, for
 * editors and tools that know YAML.
 * With --check nothing is written, and a file that is not what it should be fails.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { EventLine } from "../server/src/protocol/files/events.ts";
import { ImportFile } from "../server/src/protocol/files/imports.ts";
import { ExitFile, JobFile, ManifestFile, StartedFile } from "../server/src/protocol/files/job.ts";
import { LabelLine } from "../server/src/protocol/files/labels.ts";
import { IndexLine, RequestLine, ResponseLine } from "../server/src/protocol/files/shards.ts";
import { DoctorSpec } from "../server/src/protocol/files/specs/doctor.ts";
import { EvaluateSpec } from "../server/src/protocol/files/specs/evaluate.ts";
import { InfluenceSpec } from "../server/src/protocol/files/specs/influence.ts";
import { SelectSpec } from "../server/src/protocol/files/specs/select.ts";
import { SynthesizeSpec } from "../server/src/protocol/files/specs/synthesize.ts";
import { TrainSpec } from "../server/src/protocol/files/specs/train.ts";
import { recipeJsonSchema } from "../server/src/recipe/recipe-schema.ts";
import { root } from "./root.ts";

const schemas = {
  job: JobFile,
  started: StartedFile,
  exit: ExitFile,
  manifest: ManifestFile,
  event: EventLine,
  request: RequestLine,
  response: ResponseLine,
  index: IndexLine,
  import: ImportFile,
  label: LabelLine,
  "spec-doctor": DoctorSpec,
  "spec-evaluate": EvaluateSpec,
  "spec-influence": InfluenceSpec,
  "spec-select": SelectSpec,
  "spec-synthesize": SynthesizeSpec,
  "spec-train": TrainSpec,
};
const check = process.argv.includes("--check");
const written: [name: string, schema: unknown][] = Object.entries(schemas).map(([name, schema]) => [
  name,
  z.toJSONSchema(schema, { target: "draft-2020-12", io: name.startsWith("spec-") ? "input" : "output" }),
]);
written.push(["recipe", recipeJsonSchema()]);
for (const [name, schema] of written) {
  const path = join(root, "server", "src", "protocol", "files", `${name}.v1.schema.json`);
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  const there = existsSync(path) ? readFileSync(path, "utf8") : null;
  if (there === text) continue;
  if (check) {
    console.error(`${path}: not what its zod schema says; run npm run build and commit it`);
    process.exitCode = 1;
  } else writeFileSync(path, text);
}
