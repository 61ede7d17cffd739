#!/usr/bin/env node
/** The terminal's face: parses the command line, runs one verb, and ends with 0 done, 1 failed, 2 usage, 130 cancelled. */
import { Command, CommanderError } from "commander";
import { AppError, toProblem } from "#protocol/errors.ts";
import { createContext, type GlobalOptions } from "./cli/context.ts";
import { registerDatasets } from "./cli/datasets.ts";
import { registerDoctor } from "./cli/doctor.ts";
import { registerExport } from "./cli/export.ts";
import { registerGenerate } from "./cli/generate.ts";
import { registerHosts } from "./cli/hosts.ts";
import { registerImport } from "./cli/import.ts";
import { registerList } from "./cli/list.ts";
import { registerRebuild } from "./cli/rebuild.ts";
import { registerRender } from "./cli/render.ts";
import { registerSample } from "./cli/sample.ts";
import { registerServe } from "./cli/serve.ts";
import { registerShow } from "./cli/show.ts";
import { VERSION } from "./version.ts";

const program = new Command("jiuzhang")
  .description("Write math problems the JiuZhang3.0 way: seeds and templates in, problems with their provenance out.")
  .option("--json", "print one JSON object a line on stdout")
  .option("--project <dir>", "the project's folder (default: found from here upwards)")
  .version(VERSION)
  .showHelpAfterError("Run with --help for the options.")
  .exitOverride();

const abort = new AbortController();
const context = createContext(() => program.opts<GlobalOptions>(), abort.signal, workingDirectory());
for (const register of [
  registerGenerate,
  registerRender,
  registerImport,
  registerExport,
  registerDatasets,
  registerList,
  registerShow,
  registerRebuild,
  registerSample,
  registerServe,
  registerDoctor,
  registerHosts,
])
  register(program, context);
for (const command of program.commands) command.copyInheritedSettings(program).exitOverride();

// The first Ctrl-C stops cleanly; a second one does not wait.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort(new AppError({ code: "cancelled", message: "Cancelled" }));
  });
// A reader that closes the pipe (head, less) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await main();

/** A shell may stand in a folder that has been deleted under it. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    process.stderr.write('The folder you are in does not exist any more. Change to one that does (cd "$PWD" where it was made again).\n');
    process.exit(1);
  }
}

async function main(): Promise<number> {
  try {
    await program.parseAsync();
    return abort.signal.aborted ? 130 : Number(process.exitCode ?? 0);
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const problem = toProblem(thrown);
    if (problem.code === "cancelled" || abort.signal.aborted) {
      context.out.log("Cancelled. Everything received so far is kept; the same command goes on from there.");
      return 130;
    }
    context.out.object({ type: "error", ...problem });
    context.out.problem(problem);
    return problem.code.startsWith("usage/") || problem.code === "project/unknown-endpoint" ? 2 : 1;
  } finally {
    await context.close();
  }
}
