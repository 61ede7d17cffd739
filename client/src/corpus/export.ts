import { fileURLToPath } from "node:url";
import { Uri, window } from "vscode";
import type { Result } from "#protocol/messages.ts";
import type { HostRequests } from "#protocol/panels.ts";
import type { ClientContext } from "../context.ts";
import { runWork } from "../status/work.ts";

/** Lets the user choose a target and writes the selected rows there. Null where they chose none. */
export async function exportRows(
  context: ClientContext,
  project: string,
  { dataset, where, search }: HostRequests["host/export"]["params"],
  signal?: AbortSignal,
): Promise<Result<"corpus/export"> | null> {
  const folder = fileURLToPath(project);
  const target = await window.showSaveDialog({
    title: `Export rows of ${dataset}`,
    saveLabel: "Export",
    defaultUri: Uri.joinPath(Uri.file(folder), `${dataset.replace(/[^\w.-]+/g, "-")}.jsonl`),
    filters: { "JSON lines": ["jsonl"] },
  });
  if (target === undefined) return null;
  return await runWork(context, `Exporting ${dataset}`, (work) =>
    context.server.request(
      "corpus/export",
      { project, dataset, where, ...(search === undefined ? {} : { search }), to: target.toString(), progress: work.token },
      signal === undefined ? work.signal : AbortSignal.any([signal, work.signal]),
    ),
  );
}
