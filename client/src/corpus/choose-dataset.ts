import { window } from "vscode";
import type { ClientContext } from "../context.ts";
import { ProblemError } from "../server/server.ts";
import { counted } from "../status/words.ts";

/** Asks which dataset of a project is meant; one that is alone is not asked for. Null where none was chosen. @throws ProblemError where there is none */
export async function chooseDataset({ server }: ClientContext, project: string, title: string): Promise<string | null> {
  const { datasets, problem } = await server.request("corpus/datasets", { project });
  if (datasets.length === 0)
    throw new ProblemError(
      problem ?? {
        code: "usage/not-found",
        message: "This project has no dataset yet",
        remedy: "Generate from a template, or import a JSONL, CSV, Markdown or text file.",
      },
    );
  const picked = await window.showQuickPick(
    datasets.map(({ name, kind, rows }) => ({ label: name, description: counted(rows, kind) })),
    { title, placeHolder: "Dataset", matchOnDescription: true },
  );
  return picked?.label ?? null;
}
