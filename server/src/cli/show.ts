import type { Command } from "commander";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import type { Source } from "#protocol/corpus.ts";
import type { WalkForward } from "#protocol/messages/corpus.ts";
import type { Context } from "./context.ts";
import type { Output } from "./output.ts";
import { verdictWords } from "./problem-card.ts";

export function registerShow(program: Command, context: Context): void {
  program
    .command("show <id>")
    .description("one row, walked back to the line that made it")
    .option("--raw", "the response and the request's body in full")
    .addHelpText(
      "after",
      "\nAny unique beginning of an id names a row.\n\nExamples:\n  jiuzhang show 3f9a2c\n  jiuzhang --json show 3f9a2c | jq .seed.source",
    )
    .action((id: string, options: { raw?: boolean }) => show(context, id, options.raw === true));
}

async function show(context: Context, id: string, raw: boolean): Promise<void> {
  const { out, signal } = context;
  const app = await context.upToDate();
  const walk = await app.store.read("walk", { id }, { signal });
  out.object({ type: "walk", ...walk });
  if (!out.json) for (const line of describe(out, walk, raw)) out.line(line);
}

function describe(out: Output, walk: WalkForward, raw: boolean): string[] {
  const { row, response, request, template, seed, source, labels, parent, hidden } = walk;
  const width = out.columns - 4;
  // Wrapped only where a line is too long, so that programs keep their indentation.
  const text = (value: string) =>
    value
      .trim()
      .split("\n")
      .flatMap((line) => (stringWidth(line) <= width ? [line] : wrapAnsi(line, width, { hard: true, trim: false }).split("\n")))
      .map((line) => `  ${line.trimEnd()}`);
  const label = (name: string) => out.style("bold", name.padEnd(10));
  const lines = [
    `${label(row.kind)}${out.style("cyan", row.id)}  ${[row.dataset, row.stage, row.format].filter((part) => part !== null).join(" · ")}`,
  ];
  lines.push(...text(row.text ?? out.style("red", "not parsed; the raw response is below")), "");
  if (row.solution !== null) lines.push(label("solution"), ...text(row.solution), "");
  if (row.kind === "problem") {
    lines.push(`${label("answer")}${row.answer ?? out.style("yellow", "none found")}`);
    lines.push(
      `${label("verdicts")}${verdictWords(out, row)}  ${row.accepted ? out.style("green", "accepted") : out.style("yellow", "not accepted")}`,
      "",
    );
  }
  if (hidden !== null) lines.push(`${label("dataset")}${out.style("yellow", `not in ${row.dataset} any more: ${hidden}`)}`);
  if (parent !== null)
    lines.push(`${label("edited")}from ${out.style("cyan", parent.id)} ${out.style("dim", `by ${parent.by}, ${parent.at}`)}`);
  for (const { by, at, label: said, why } of labels)
    lines.push(`${label("label")}${said ?? "none"} ${out.style("dim", `by ${by}, ${at}`)}${why === null ? "" : `: ${why}`}`);
  if (response !== null) {
    const usage = response.usage === null ? "" : `, ${response.usage.prompt} + ${response.usage.completion} tokens`;
    const time = response.milliseconds === null ? "" : `, ${(response.milliseconds / 1000).toFixed(1)} s`;
    lines.push(
      `${label("response")}${response.file}:${response.line}`,
      `          ${out.style("dim", `${response.model ?? "model not named"}, ${response.finish ?? "no finish reason"}${usage}${time}, ${response.received}`)}`,
    );
    if (raw) lines.push(response.raw);
    else if (row.text === null) lines.push(...text(response.raw));
    if (response.reasoning !== null) lines.push(out.style("dim", "          with reasoning:"), ...text(response.reasoning));
  }
  if (request !== null) {
    lines.push(
      `${label("request")}${request.file}:${request.line}`,
      `          ${out.style("dim", `key ${request.key.slice(0, 16)}…, sample ${request.sample}, job ${request.job}, ${request.modelIdentity}`)}`,
    );
    if (raw) lines.push(JSON.stringify(request.body, null, 2));
  }
  if (template !== null)
    lines.push(
      `${label("template")}${template.path}${template.line === null ? "" : `:${template.line}`}`,
      `          ${out.style("dim", `version ${template.sha256.slice(0, 12)}, kept as ${template.snapshot}`)}`,
    );
  if (seed !== null) {
    lines.push(`${label("seed")}${out.style("cyan", seed.id)}  ${seed.dataset}`, ...text(seed.text));
    lines.push(...describeSource(out, label("source"), seed.source));
  }
  if (source !== null) lines.push(...describeSource(out, label("source"), source));
  return lines;
}

function describeSource(out: Output, label: string, source: Source): string[] {
  const span = source.span === null ? "" : `, characters ${source.span.start} to ${source.span.end}`;
  const extra = Object.entries(source.extra).map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [
    `${label}${source.file}:${source.line}${span}`,
    `          ${out.style("dim", [`licence ${source.license ?? "not stated"}`, ...extra, `file sha256 ${source.sha256.slice(0, 12)}`].join(", "))}`,
  ];
}
