import type { Command } from "commander";
import type { Context } from "./context.ts";
import { count, table } from "./table.ts";

export function registerDatasets(program: Command, context: Context): void {
  program
    .command("datasets")
    .description("list the datasets of the project")
    .addHelpText("after", "\nExamples:\n  jiuzhang datasets\n  jiuzhang --json datasets --project ~/study")
    .action(() => datasets(context));
}

async function datasets(context: Context): Promise<void> {
  const { out } = context;
  const app = await context.upToDate();
  const found = await app.store.read("datasets", {}, { signal: context.signal });
  for (const dataset of found) out.object({ type: "dataset", ...dataset });
  if (found.length === 0) {
    out.line("No dataset yet. `jiuzhang import FILE --dataset NAME` or `jiuzhang generate …` makes one.");
    return;
  }
  const rows = found.map((dataset) => [
    dataset.name,
    dataset.kind,
    count(dataset.rows),
    dataset.kind === "problem" ? count(dataset.accepted) : "",
    dataset.updated.slice(0, 16).replace("T", " "),
    dataset.revision.slice(0, 12),
  ]);
  const columns = [
    { title: "dataset", align: "left" },
    { title: "kind", align: "left" },
    { title: "rows", align: "right" },
    { title: "accepted", align: "right" },
    { title: "updated (UTC)", align: "left" },
    { title: "revision", align: "left" },
  ] as const;
  for (const line of table(out, [...columns], rows)) out.line(line);
}
