import type { Command } from "commander";
import { fail, formatProblem } from "#protocol/errors.ts";
import { type Context, existingFile, wholeNumber } from "./context.ts";
import { createProgress } from "./progress.ts";
import { count } from "./table.ts";

interface ImportOptions {
  dataset: string;
  kind?: string;
  license?: string;
  stage?: string;
  chunk?: number;
}

export function registerImport(program: Command, context: Context): void {
  program
    .command("import <files...>")
    .description("take rows of JSONL, CSV, Markdown or plain-text files into a dataset")
    .requiredOption("--dataset <name>", "the dataset that the rows go into")
    .option("--license <id>", "licence of rows that name none, such as CC-BY-4.0")
    .option("--stage <stage>", "education stage of rows that name none")
    .option("--chunk <characters>", "length at which texts are cut into seeds", wholeNumber("--chunk", 100))
    .addHelpText(
      "after",
      "\nRows with a `text` are seeds; with `problem`/`solution`, `question`/`answer` or `input`/`output` they are problems.\nMarkdown and plain text are cut at the ends of paragraphs and sections. Other columns are kept.\n\nExamples:\n  jiuzhang import data/seeds.jsonl --dataset seeds\n  jiuzhang import chapters/*.md --dataset book --license CC-BY-4.0 --chunk 800",
    )
    .action((files: string[], options: ImportOptions) => importFiles(context, files, options));
}

async function importFiles(context: Context, files: string[], options: ImportOptions): Promise<void> {
  const { out, signal } = context;
  const paths = await Promise.all(files.map((file) => existingFile(context.cwd, file)));
  const app = await context.app();
  for (const file of paths) {
    const progress = createProgress(out, "importing", "bytes");
    const report = await app
      .importFile(
        {
          file,
          dataset: options.dataset,
          license: options.license ?? null,
          stage: options.stage ?? null,
          ...(options.chunk === undefined ? {} : { chunk: options.chunk }),
        },
        { signal, onProgress: (now) => progress.update(now) },
      )
      .finally(() => progress.end());
    out.object({ type: "import", ...report });
    out.line(
      `${out.style("green", "✓")} ${report.file}: ${count(report.rows)} rows into ${report.dataset} (${report.format})${report.duplicates > 0 ? `, ${count(report.duplicates)} already there` : ""}${report.rejected > 0 ? out.style("yellow", `, ${count(report.rejected)} rejected`) : ""}`,
    );
    for (const problem of report.problems) out.log(`  ${out.style("yellow", formatProblem(problem))}`);
    if (report.rejected > report.problems.length) out.log(`  and ${count(report.rejected - report.problems.length)} more`);
    if (report.rows + report.duplicates === 0 && report.rejected > 0)
      throw fail("import/malformed-row", "No row of the file could be read", {
        where: { file },
        remedy: "The lines above say why for the first rows.",
      });
  }
}
