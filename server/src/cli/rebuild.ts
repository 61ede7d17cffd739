import type { Command } from "commander";
import { formatProblem } from "#protocol/errors.ts";
import type { Context } from "./context.ts";
import { createProgress } from "./progress.ts";
import { count, duration } from "./table.ts";

const MOST_PROBLEMS = 20;

export function registerRebuild(program: Command, context: Context): void {
  program
    .command("rebuild")
    .description("make the index anew from the project's files")
    .addHelpText(
      "after",
      "\nImports, jobs and labels hold everything; the index only makes it quick to find.\nThe old index stays until the new one is whole.\n\nExample:\n  jiuzhang rebuild",
    )
    .action(() => rebuild(context));
}

async function rebuild(context: Context): Promise<void> {
  const { out, signal } = context;
  const app = await context.app();
  const began = Date.now();
  const progress = createProgress(out, "rebuilding", "files");
  const report = await app.store.write("rebuild", {}, { signal, onProgress: (now) => progress.update(now) }).finally(() => progress.end());
  const seconds = (Date.now() - began) / 1000;
  out.object({ type: "rebuild", ...report, seconds });
  out.line(`${out.style("green", "✓")} ${count(report.rows)} rows from ${count(report.files)} files in ${duration(seconds)}`);
  for (const problem of report.problems.slice(0, MOST_PROBLEMS)) out.log(`  ${out.style("yellow", formatProblem(problem))}`);
  if (report.problems.length > MOST_PROBLEMS) out.log(`  and ${count(report.problems.length - MOST_PROBLEMS)} more`);
}
