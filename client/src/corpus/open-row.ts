import { commands, type TextDocumentShowOptions, type ViewColumn } from "vscode";
import type { Row } from "#protocol/corpus.ts";
import type { ClientContext } from "../context.ts";
import { rowUri } from "./row-uri.ts";

const inColumn = (viewColumn: ViewColumn): TextDocumentShowOptions => ({ viewColumn, preview: true });

/** Opens a row as a document beside the panel. @throws ProblemError where there is no such row */
export async function openRow(
  context: ClientContext,
  project: string,
  id: string,
  mode: "read" | "edit",
  column: ViewColumn,
): Promise<void> {
  const row = await rowOf(context, project, id);
  const address = { project, dataset: row.dataset, id: row.id, mode: row.kind === "seed" ? ("read" as const) : mode };
  await commands.executeCommand("vscode.open", rowUri(address), inColumn(column));
}

/** Shows two rows in the editor's comparison. @throws ProblemError where one of them is missing */
export async function compareRows(context: ClientContext, project: string, left: string, right: string, column: ViewColumn): Promise<void> {
  const rows = await Promise.all([left, right].map((id) => rowOf(context, project, id)));
  const [first, second] = rows.map(({ dataset, id }) => rowUri({ project, dataset, id, mode: "read" }));
  const title = rows.map(({ id }) => id.slice(0, 8)).join(" ↔ ");
  await commands.executeCommand("vscode.diff", first, second, title, inColumn(column));
}

async function rowOf({ server }: ClientContext, project: string, id: string): Promise<Row> {
  return (await server.request("corpus/walk", { project, id })).row;
}
