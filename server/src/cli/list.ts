import type { Command } from "commander";
import type { Page } from "#protocol/corpus.ts";
import { PAGE_MAX_ROWS } from "#protocol/limits.ts";
import { parseSort } from "../corpus/sort.ts";
import { parseWhere } from "../corpus/where.ts";
import type { Context } from "./context.ts";
import { wholeNumber } from "./context.ts";
import { verdictWords } from "./problem-card.ts";
import { count } from "./table.ts";

interface ListOptions {
  where?: string[];
  search?: string;
  sort: string;
  limit: number;
}

export function registerList(program: Command, context: Context): void {
  program
    .command("list <dataset>")
    .description("rows of a dataset with their verdicts")
    .option("--where <condition...>", "field=value, with = != < <= > >= or ~ (contains); all must hold, of several = on one field any")
    .option("--search <words>", "all of these words stand in the problem")
    .option("--sort <field>", "created, length or tokens; with - in front the largest first", "created")
    .option("--limit <n>", "how many rows", wholeNumber("--limit", 1), 20)
    .addHelpText(
      "after",
      "\nExamples:\n  jiuzhang list sample\n  jiuzhang list sample --where stage=grade stage=middle verdict.copy=fail\n  jiuzhang list sample --search triangle --sort -length --limit 5\n  jiuzhang --json list sample --limit 100000 | jq .text",
    )
    .action((dataset: string, options: ListOptions) => list(context, dataset, options));
}

async function list(context: Context, dataset: string, options: ListOptions): Promise<void> {
  const { out, signal } = context;
  const where = parseWhere((options.where ?? []).join(" "));
  const sort = parseSort(options.sort);
  const app = await context.upToDate();
  const query = { dataset, where, sort, ...(options.search === undefined ? {} : { search: options.search }) };
  const total = await app.store.read("countRows", query, { signal });
  let left = options.limit;
  let after: string | null = null;
  while (left > 0) {
    const page: Page = await app.store.read(
      "listPage",
      { ...query, limit: Math.min(left, PAGE_MAX_ROWS), whole: out.json, ...(after === null ? {} : { after }) },
      { signal },
    );
    for (const row of page.rows) {
      out.object({ type: "row", ...row });
      const title = (row.text ?? "not parsed").replace(/\s+/g, " ");
      const head = `${out.style("cyan", row.id.slice(0, 8))}  ${out.style("bold", (row.stage ?? "").padEnd(7))}`;
      out.line(`${head} ${title.length > out.columns - 20 ? `${title.slice(0, out.columns - 21)}…` : title}`);
      if (row.kind === "problem") out.line(`${" ".repeat(18)}${verdictWords(out, row)}`);
    }
    left -= page.rows.length;
    after = page.next;
    if (after === null) break;
  }
  const shown = options.limit - left;
  out.line(
    total === 0
      ? "No row fits."
      : out.style("dim", `${count(shown)} of ${count(total)} rows${total > shown ? "; --limit shows more" : ""}`),
  );
}
