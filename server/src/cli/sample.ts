import { resolve } from "node:path";
import type { Command } from "commander";
import { shippedFolder } from "../entries.ts";
import { createSample } from "../project/sample.ts";
import type { Context } from "./context.ts";

export function registerSample(program: Command, context: Context): void {
  program
    .command("sample <dir>")
    .description("make the sample project: seeds, templates and a recipe")
    .addHelpText("after", "\nA folder that already is a project stays as it is.\n\nExample:\n  jiuzhang sample ./sample")
    .action(async (dir: string) => {
      const path = resolve(context.cwd, dir);
      const created = await createSample(path, { sample: `${shippedFolder("media")}/sample`, prompts: shippedFolder("prompts") });
      context.out.object({ type: "sample", dir: path, created });
      context.out.line(
        created ? `${context.out.style("green", "✓")} ${dir} is a project now` : `${dir} is a project already; nothing was changed`,
      );
    });
}
