import { resolve } from "node:path";
import type { Command } from "commander";
import { descriptorOf } from "../corpus/export-target.ts";
import { parseWhere } from "../corpus/where.ts";
import type { Context } from "./context.ts";
import { createProgress } from "./progress.ts";
import { count } from "./table.ts";

interface ExportOptions {
  to: string;
  where?: string[];
}

export function registerExport(program: Command, context: Context): void {
  program
    .command("export <dataset>")
    .description("write rows of a dataset to a JSONL file")
    .requiredOption("--to <file>", "the file to write, which appears whole or not at all; - for standard output")
    .option("--where <condition...>", "only rows for which all conditions hold, such as accepted=true; of several = on one field any")
    .addHelpText(
      "after",
      "\nExamples:\n  jiuzhang export sample --to out.jsonl\n  jiuzhang export sample --to good.jsonl --where accepted=true stage=grade\n  jiuzhang export sample --to kept.jsonl --where label=keep",
    )
    .action((dataset: string, options: ExportOptions) => exportRows(context, dataset, options));
}

async function exportRows(context: Context, dataset: string, options: ExportOptions): Promise<void> {
  const { out, signal } = context;
  const where = parseWhere((options.where ?? []).join(" "));
  // Standard output carries the rows then, and nothing else.
  const to = options.to === "-" ? "-" : resolve(context.cwd, options.to);
  const toStdout = descriptorOf(to) === 1;
  const app = await context.upToDate();
  const progress = createProgress(toStdout ? { ...out, interactive: false } : out, "exporting", "rows");
  const report = await app.store
    .read("exportRows", { dataset, where, to }, { signal, onProgress: (now) => progress.update(now) })
    .finally(() => progress.end());
  if (toStdout) {
    out.log(`${count(report.rows)} rows of ${dataset}`);
    return;
  }
  out.object({ type: "export", dataset, ...report });
  out.line(`${out.style("green", "✓")} ${count(report.rows)} rows of ${dataset} in ${options.to}`);
}
