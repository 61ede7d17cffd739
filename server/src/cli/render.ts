import type { Command } from "commander";
import { formatProblem, type Problem } from "#protocol/errors.ts";
import type { Segment } from "#protocol/template.ts";
import { readRow } from "../ingest/read-row.ts";
import { findProject, projectPath } from "../project/root.ts";
import { createPositions } from "../prompty/positions.ts";
import { chooseEndpoint } from "../runs/target.ts";
import { loadTemplate } from "../runs/templates.ts";
import { buildRequest } from "../synthesis/build-request.ts";
import { type Context, existingFile, type GlobalOptions, realNumber, wholeNumber } from "./context.ts";
import type { Output } from "./output.ts";

interface RenderFlags {
  seeds: string;
  row: number;
  endpoint?: string;
  baseUrl?: string;
  model?: string;
  temperature?: number;
  seed?: number;
  maxTokens?: number;
}

/** Stands in the request key's place of a model file that has not been fetched; the key is left out then. */
const NO_IDENTITY = "unknown";

export function registerRender(program: Command, context: Context): void {
  program
    .command("render <template>")
    .description("what a template sends for one seed: messages, their segments, and the exact wire body")
    .requiredOption("--seeds <file>", "file of seeds")
    .option("--row <k>", "which row of the file, from 1", wholeNumber("--row", 1), 1)
    .option("--endpoint <name>", "an endpoint of jiuzhang.yaml")
    .option("--base-url <url>", "any OpenAI-compatible server, together with --model")
    .option("--model <name>", "the model's name")
    .option("--temperature <x>", "default: what the template says", realNumber("--temperature", 0, 5))
    .option("--seed <n>", "sampling seed", wholeNumber("--seed"))
    .option("--max-tokens <n>", "the most tokens of the response", wholeNumber("--max-tokens", 1))
    .addHelpText(
      "after",
      "\nNothing is sent, fetched or imported.\n\nExamples:\n  jiuzhang render prompts/nl/grade.prompty --seeds data/seeds.jsonl --row 3\n  jiuzhang --json render prompts/nl/grade.prompty --seeds data/seeds.jsonl | jq .body",
    )
    .action((template: string, flags: RenderFlags) => render(context, template, flags, program.opts<GlobalOptions>().project));
}

async function render(context: Context, file: string, flags: RenderFlags, project: string | undefined): Promise<void> {
  const { out, cwd } = context;
  const projectDir = project ?? findProject(cwd) ?? cwd;
  const loaded = await loadTemplate(projectDir, await existingFile(cwd, file));
  const seeds = await existingFile(cwd, flags.seeds);
  const row = await readRow(seeds, projectPath(projectDir, seeds), flags.row);
  const endpoint = await chooseEndpoint(projectDir, flags, process.env);
  const { rendered, line } = buildRequest({
    template: loaded.template,
    templatePath: loaded.path,
    templateSha256: loaded.sha256,
    seed: { id: "", dataset: "", text: row.text, stage: row.stage, columns: row.columns },
    modelName: endpoint.model,
    modelIdentity: NO_IDENTITY,
    sampling: { temperature: flags.temperature, seed: flags.seed, maxTokens: flags.maxTokens },
    sample: 0,
    maxTokensField: endpoint.max_tokens_field,
  });
  const warnings: Problem[] = loaded.warnings.concat(
    rendered.diagnostics.map(({ severity: _, span: __, ...problem }) => ({
      ...problem,
      where: { file: loaded.path, ...problem.where },
    })),
  );
  for (const warning of warnings) out.log(formatProblem(warning));
  const positions = createPositions(loaded.source);
  const segments = rendered.segments.map((segment) => ({ ...segment, line: positions(segment.span.start).line }));
  out.object({
    type: "render",
    template: loaded.path,
    seed: { file: projectPath(projectDir, seeds), line: row.line },
    text: rendered.text,
    messages: rendered.messages,
    segments,
    url: line.url,
    body: line.body,
    warnings,
  });
  if (out.json) return;
  out.line(out.style("dim", `${loaded.path} with ${projectPath(projectDir, seeds)}:${row.line}`));
  for (const block of blocks(out, segments)) out.line(block);
  out.line();
  out.line(out.style("bold", `POST ${line.url}`));
  out.line(JSON.stringify(line.body, null, 2));
}

/** The rendering as sent, each message under its role; what came from an input is coloured and named with its template line. */
function blocks(out: Output, segments: (Segment & { line: number })[]): string[] {
  const lines: string[] = [];
  const inputs = new Map<string, number>();
  let text = "";
  for (const segment of segments) {
    if (segment.kind === "interp" && segment.source !== null && !inputs.has(segment.source)) inputs.set(segment.source, segment.line);
    text += segment.kind === "interp" ? out.style("cyan", segment.text) : segment.text;
  }
  lines.push("", text.trim(), "");
  for (const [name, line] of inputs) lines.push(`${out.style("cyan", name)} ${out.style("dim", `from template line ${line}`)}`);
  return lines;
}
