import { fileURLToPath } from "node:url";
import { FileType, Uri, window, workspace } from "vscode";
import type { ClientContext } from "../context.ts";
import { counted } from "../status/words.ts";
import { registerCommand } from "./register.ts";

/** Copies the shipped templates into the project's prompts/. What is there already is never written over. */
export function registerAddTemplates(context: ClientContext): void {
  registerCommand(context, "jiuzhang.addTemplates", async () => {
    const project = fileURLToPath(await context.projects.need());
    const target = Uri.joinPath(Uri.file(project), "prompts");
    const added = await copyMissing(Uri.joinPath(context.extension.extensionUri, "prompts"), target);
    // The easiest stage is the one to begin with.
    const first = added.find(({ path }) => path.endsWith("/grade.prompty")) ?? added[0];
    if (first !== undefined) await window.showTextDocument(first);
    const words =
      first === undefined ? "The shipped templates are all there already" : `${counted(added.length, "template")} added to prompts/`;
    window.setStatusBarMessage(`$(check) ${words}`, 10_000);
  });
}

async function copyMissing(from: Uri, to: Uri): Promise<Uri[]> {
  const added: Uri[] = [];
  for (const [name, type] of await workspace.fs.readDirectory(from)) {
    const source = Uri.joinPath(from, name);
    const target = Uri.joinPath(to, name);
    if (type === FileType.Directory) added.push(...(await copyMissing(source, target)));
    else if (name.endsWith(".prompty") && !(await exists(target))) {
      await workspace.fs.copy(source, target, { overwrite: false });
      added.push(target);
    }
  }
  return added;
}

async function exists(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
