import { Range, Uri, WorkspaceEdit, workspace } from "vscode";
import type { NewEndpoint } from "#protocol/messages/endpoints.ts";
import type { ClientContext } from "../context.ts";
import { ProblemError } from "../server/server.ts";

/**
 * Writes an endpoint into the recipe. A recipe that is open is changed in its editor, where it can be undone, and saved unless it had
 * unsaved changes of the user's.
 * @returns whether the recipe on the disk has it
 */
export async function writeEndpoint({ server }: ClientContext, project: string, endpoint: NewEndpoint): Promise<boolean> {
  const { edit } = await server.request("endpoints/add", { project, endpoint });
  if (edit === null) return true;
  const uri = Uri.parse(edit.uri);
  const document = await workspace.openTextDocument(uri);
  if (document.version !== edit.version)
    throw new ProblemError({
      code: "usage/invalid-argument",
      message: "The recipe was changed meanwhile",
      remedy: "Add the endpoint again.",
    });
  const unsaved = document.isDirty;
  const change = new WorkspaceEdit();
  change.replace(uri, new Range(document.positionAt(edit.start), document.positionAt(edit.end)), edit.text);
  if (!(await workspace.applyEdit(change)))
    throw new ProblemError({
      code: "io/failed",
      message: "The editor did not take the change of jiuzhang.yaml",
      remedy: "Add the endpoint again.",
    });
  return unsaved ? false : await document.save();
}
