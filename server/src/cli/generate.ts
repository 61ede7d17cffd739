import { type Command, Option } from "commander";
import { fail, formatProblem } from "#protocol/errors.ts";
import type { App } from "../app.ts";
import { DEFAULT_CONCURRENCY, DEFAULT_RETRIES, STALL_SECONDS } from "../runs/defaults.ts";
import type { GenerateReport } from "../runs/generate.ts";
import { loadTemplate } from "../runs/templates.ts";
import { type Context, existingFile, realNumber, wholeNumber } from "./context.ts";
import type { Output } from "./output.ts";
import { prepareModel } from "./prepare-model.ts";
import { problemCard } from "./problem-card.ts";
import { createProgress, type ProgressLine } from "./progress.ts";
import { count, duration, table } from "./table.ts";

export interface GenerateFlags {
  template: string[];
  seeds: string;
  count: number;
  dataset: string;
  assign: "one" | "all";
  more?: boolean;
  endpoint?: string;
  baseUrl?: string;
  model?: string;
  apiKeyEnv?: string;
  temperature?: number;
  topP?: number;
  seed?: number;
  maxTokens?: number;
  concurrency?: number;
  retries: number;
  budget?: number;
  stream?: boolean;
}

/** Lets a person watch a small model write; a run of thousands only costs more by it. */
const STREAM_UP_TO = 200;

export function registerGenerate(program: Command, context: Context): void {
  program
    .command("generate")
    .description("write problems from seeds with templates")
    .requiredOption("--template <file...>", "templates; each seed draws one of them")
    .requiredOption("--seeds <file>", "seed texts: JSONL, CSV, Markdown or plain text")
    .requiredOption("--count <n>", "how many problems to ask for", wholeNumber("--count", 1))
    .option("--dataset <name>", "the dataset that takes the problems", "generated")
    .addOption(new Option("--assign <how>", "one template per seed, or all of them").choices(["one", "all"]).default("one"))
    .option("--more", "leave out what was asked before and go on behind it")
    .option("--endpoint <name>", "an endpoint of jiuzhang.yaml (default: its first, else the embedded model)")
    .option("--base-url <url>", "any OpenAI-compatible server, together with --model")
    .option("--model <name>", "the model at --base-url; without it a GGUF file or hf:owner/repo/file for the embedded engine")
    .option("--api-key-env <variable>", "environment variable that holds the key for --base-url")
    .option("--temperature <x>", "default: what the template says", realNumber("--temperature", 0, 5))
    .option("--top-p <x>", "nucleus sampling", realNumber("--top-p", 0, 1))
    .option("--seed <n>", "base of the sampling seeds", wholeNumber("--seed"))
    .option("--max-tokens <n>", "the most tokens of one response", wholeNumber("--max-tokens", 1))
    .option("--concurrency <n>", "requests at a time", wholeNumber("--concurrency", 1))
    .option("--retries <n>", "tries after a failed one", wholeNumber("--retries"), DEFAULT_RETRIES)
    .option("--budget <money>", "stop before the endpoint's prices exceed this", realNumber("--budget", 0, 1e9))
    .option("--stream", "stream the responses")
    .option("--no-stream", "do not stream the responses")
    .addHelpText(
      "after",
      "\nThe same command asks nothing twice: it goes on where it was stopped or killed.\n\nExamples:\n  jiuzhang generate --template prompts/nl/*.prompty --seeds data/seeds.jsonl --count 100 --dataset first\n  jiuzhang generate --template prompts/nl/grade.prompty --seeds data/seeds.jsonl --count 20 --endpoint teacher --budget 0.50\n  jiuzhang generate --template prompts/nl/grade.prompty --seeds notes.md --count 8 --base-url http://127.0.0.1:8000/v1 --model Qwen3-8B",
    )
    .action((flags: GenerateFlags) => generateVerb(context, flags));
}

async function generateVerb(context: Context, flags: GenerateFlags): Promise<void> {
  const { out, signal } = context;
  if (flags.baseUrl !== undefined && flags.endpoint !== undefined)
    throw fail("usage/invalid-argument", "--endpoint and --base-url name two endpoints", { remedy: "Give one of them." });
  const files = await Promise.all(flags.template.map((file) => existingFile(context.cwd, file)));
  const seeds = await existingFile(context.cwd, flags.seeds);
  const app = await context.app();
  const templates = await Promise.all([...new Set(files)].map((file) => loadTemplate(app.projectDir, file)));
  for (const { warnings } of templates) for (const warning of warnings) out.log(formatProblem(warning));
  const target = await prepareModel(app, out, flags, signal);
  const imported = await importSeeds(app, out, seeds, signal);
  const model = target.embedded ? "the embedded model on this machine" : `${target.spec.model} at ${target.spec.name}`;
  const concurrency = flags.concurrency ?? (target.embedded ? target.parallel : DEFAULT_CONCURRENCY);

  let progress: ProgressLine | null = null;
  const began = Date.now();
  let asked = 0;
  let tokens = 0;
  let cost: number | null = null;
  const remark = (text: string) => (progress === null ? out.log(text) : progress.remark(text));
  const report = await app
    .generate(
      {
        templates,
        seeds: { import: imported },
        count: flags.count,
        assign: flags.assign,
        more: flags.more === true,
        sampling: { temperature: flags.temperature, topP: flags.topP, seed: flags.seed, maxTokens: flags.maxTokens },
        model: { name: target.spec.model, identity: target.identity, maxTokensField: target.maxTokensField },
        spec: {
          task: "send",
          dataset: flags.dataset,
          model_identity: target.identity,
          endpoint: target.spec,
          concurrency,
          stream: flags.stream ?? (target.embedded && flags.count <= STREAM_UP_TO),
          retries: flags.retries,
          stall_seconds: STALL_SECONDS,
          ...(flags.budget === undefined ? {} : { budget: flags.budget }),
        },
        signal,
      },
      {
        onPlan(plan) {
          asked = plan.asking;
          out.object({ type: "plan", ...plan });
          const before = plan.answered === 0 ? "" : `; ${count(plan.answered)} of ${count(plan.requests)} were answered before`;
          out.line();
          out.line(
            plan.asking === 0
              ? `  Nothing to ask${before}`
              : `  ${out.style("bold", `Asking for ${plan.asking === 1 ? "1 problem" : `${count(plan.asking)} problems`}`)} ${out.style("dim", `with ${model}, ${concurrency} at a time${before}`)}`,
          );
          out.line();
          if (plan.asking > 0) progress = createProgress(out, "writing", "");
          progress?.update({ done: plan.answered, total: plan.requests });
        },
        onRow(row, seed) {
          out.object({ type: "problem", seed, ...row });
          const card = problemCard(out, row, seed).join("\n");
          if (progress === null) out.line(card);
          else progress.above(card);
        },
        onMore(rows) {
          out.object({ type: "more", rows });
          remark(`  and ${count(rows)} more`);
        },
        onEvent(event) {
          if (event.event === "progress" || event.event === "end") cost = event.cost ?? cost;
          if (event.event === "progress") {
            tokens = event.tokens ?? tokens;
            progress?.update({
              done: event.done,
              total: event.total,
              ...(event.tokens_per_second === undefined ? {} : { note: `${count(Math.round(event.tokens_per_second))} tokens/s` }),
            });
          }
          if (event.event === "warning")
            remark(formatProblem({ message: event.message, ...(event.remedy === undefined ? {} : { remedy: event.remedy }) }));
        },
        onWait(job, requests) {
          remark(`Another process asks ${count(requests)} of these requests (${job}); waiting for its answers.`);
        },
      },
    )
    .catch((thrown) => {
      progress?.end();
      throw thrown;
    });
  const seconds = (Date.now() - began) / 1000;
  const rate = tokens === 0 ? "" : `, ${count(Math.round(tokens / seconds))} tokens/s`;
  (progress as ProgressLine | null)?.end({ words: `${count(report.requests)}/${count(report.requests)}${rate}, ${duration(seconds)}` });
  printSummary(out, report, { asked, seconds, cost });
}

async function importSeeds(app: App, out: Output, file: string, signal: AbortSignal): Promise<{ dataset: string; sha256: string }> {
  const progress = createProgress(out, "seeds", "bytes");
  const report = await app.importSeeds(file, { signal, onProgress: (now) => progress.update(now) }).finally(() => progress.end());
  if (report.rejected > 0)
    out.log(
      `${count(report.rejected)} rows of ${report.file} could not be read; \`jiuzhang import ${report.file} --dataset ${report.dataset}\` says why.`,
    );
  return { dataset: report.dataset, sha256: report.sha256 };
}

function printSummary(
  out: Output,
  report: GenerateReport,
  { asked, seconds, cost }: { asked: number; seconds: number; cost: number | null },
): void {
  const { summary, ...rest } = report;
  const total = { template: "all", asked: 0, answered: 0, parsed: 0, answer: 0, copy: 0, duplicate: 0, accepted: 0 };
  for (const line of summary)
    for (const key of ["asked", "answered", "parsed", "answer", "copy", "duplicate", "accepted"] as const) total[key] += line[key];
  out.object({ type: "summary", ...rest, seconds, cost, templates: summary, total });
  // Answers are only worth a column where some are missing.
  const counted = (["asked", "answered", "parsed", "answer", "copy", "duplicate", "accepted"] as const).filter(
    (name) => name !== "answered" || total.answered < total.asked,
  );
  const columns = ["", ...counted].map((title, at) => ({ title, align: at === 0 ? ("left" as const) : ("right" as const) }));
  const row = (line: typeof total) => [line.template, ...counted.map((name) => count(line[name]))];
  out.line();
  for (const line of table(out, columns, [...summary.map(row), ...(summary.length > 1 ? [row(total)] : [])])) out.line(`  ${line}`);
  out.line();
  if (asked > 0)
    out.line(
      out.style(
        "dim",
        `  ${count(asked)} requests asked, now in dataset ${report.dataset}${cost === null ? "" : `; the job has cost ${cost.toFixed(4)} so far`}`,
      ),
    );
}
