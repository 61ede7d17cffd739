import { commands, env, type ViewColumn, window, workspace } from "vscode";
import type { ClientContext } from "../context.ts";
import { exportRows } from "../corpus/export.ts";
import { chooseFiles, importDropped, importFiles } from "../corpus/import.ts";
import { compareRows, openRow } from "../corpus/open-row.ts";
import { ProblemError } from "../server/server.ts";
import { columnBeside } from "./column.ts";
import type { HostHandlers } from "./host.ts";
import { openPlace } from "./open-place.ts";
import { panelCommand } from "./panel-commands.ts";

type SharedName =
  | "host/open"
  | "host/openRow"
  | "host/compare"
  | "host/copy"
  | "host/document"
  | "host/import"
  | "host/drop"
  | "host/export"
  | "host/command";

/** What every panel may ask of the editor. `project` is the panel's own, null where no folder is open; `column` is where the panel is. */
export function sharedHandlers(
  context: ClientContext,
  project: () => string | null,
  column: () => ViewColumn | undefined = () => undefined,
): Required<Pick<HostHandlers, SharedName>> {
  const beside = () => columnBeside(column());
  const need = (): string => {
    const found = project();
    if (found !== null) return found;
    throw new ProblemError({ code: "project/none", message: "No folder is open", remedy: "Open a folder, or make the sample project." });
  };
  return {
    "host/open": async (params) => {
      await openPlace(project(), params, beside());
      return null;
    },
    "host/openRow": async ({ id, mode }) => {
      await openRow(context, need(), id, mode, beside());
      return null;
    },
    "host/compare": async ({ left, right }) => {
      await compareRows(context, need(), left, right, beside());
      return null;
    },
    "host/copy": async ({ text }) => {
      await env.clipboard.writeText(text);
      return null;
    },
    "host/document": async ({ text, language }) => {
      const document = await workspace.openTextDocument({ content: text, language });
      await window.showTextDocument(document, { viewColumn: beside() });
      return null;
    },
    "host/import": async ({ dataset }, signal) => {
      const files = await chooseFiles(need());
      return files === null ? null : await importFiles(context, need(), dataset, files, signal);
    },
    "host/drop": (params, signal) => importDropped(context, need(), params, signal),
    "host/export": (params, signal) => exportRows(context, need(), params, signal),
    "host/command": async ({ command, args }) => {
      const found = panelCommand(command, args ?? [], project());
      if (found === null)
        throw new ProblemError({ code: "usage/invalid-argument", message: `A panel may not run the command “${command}”` });
      await commands.executeCommand(found.command, ...found.args);
      return null;
    },
  };
}
