import type { Command } from "commander";
import { examine, type Finding } from "../doctor/examine.ts";
import { findProject } from "../project/root.ts";
import type { Context, GlobalOptions } from "./context.ts";

export function registerDoctor(program: Command, context: Context): void {
  program
    .command("doctor")
    .description("what works on this machine, and what to do about the rest")
    .addHelpText(
      "after",
      "\nLooks only at this machine: nothing is fetched, and no declared endpoint is asked.\nExit 1 where something that every command needs is broken.\n\nExample:\n  jiuzhang doctor --project sample",
    )
    .action(() => doctor(context, program.opts<GlobalOptions>().project));
}

const MARK: Record<Finding["state"], ["green" | "yellow" | "red", string]> = {
  works: ["green", "✓"],
  missing: ["yellow", "○"],
  broken: ["red", "✗"],
};

async function doctor(context: Context, project: string | undefined): Promise<void> {
  const { out, cwd } = context;
  const findings = await examine(project ?? findProject(cwd));
  for (const finding of findings) {
    out.object({ type: "finding", ...finding });
    const [colour, mark] = MARK[finding.state];
    out.line(`  ${out.style(colour, mark)} ${finding.area.padEnd(10)} ${finding.what}`);
    if (finding.remedy !== undefined) out.line(`${" ".repeat(15)}${out.style("cyan", finding.remedy)}`);
  }
  if (findings.some(({ state }) => state === "broken")) process.exitCode = 1;
}
