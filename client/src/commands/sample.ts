import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { commands, type ExtensionContext, type QuickPickItem, Uri, ViewColumn, window, workspace } from "vscode";
import type { ClientContext } from "../context.ts";
import { showProblem } from "../problems/show.ts";
import { projectUri } from "../project/projects.ts";
import { runWork } from "../status/work.ts";
import { registerCommand } from "./register.ts";
import { type FolderKind, kindOf, SAMPLE_FOLDER, samplePlace } from "./sample-place.ts";

/** The template that the small model can follow. */
const FIRST_TEMPLATE = join("prompts", "base", "grade.prompty");

/** Where the window that a sample is opened in finds that it should show it. */
const PENDING = "jiuzhang.openedSample";

/** Makes the sample project where the user wants it, opens it, and shows a template with its preview. */
export function registerSample(context: ClientContext): void {
  registerCommand(context, "jiuzhang.openSample", async () => {
    const chosen = await chooseFolder();
    if (chosen === null) return;
    const folder = samplePlace(chosen, inspect(chosen));
    const { created } = await runWork(context, "Making the sample project", ({ signal }) =>
      context.server.request("sample/create", { folder: projectUri(folder) }, signal),
    );
    if (!created) window.setStatusBarMessage(`$(info) ${folder} is a project already: it is opened as it is`, 10_000);
    await open(context.extension, folder);
  });
  showPending(context.extension).catch((thrown) => showProblem(context.log, thrown));
}

/** The kind of a folder. One that cannot be read is left to the server, which says why. */
function inspect(folder: string): FolderKind {
  try {
    return kindOf(readdirSync(folder));
  } catch {
    return kindOf(null);
  }
}

async function chooseFolder(): Promise<string | null> {
  type Item = QuickPickItem & { folder: string | null };
  const usual = join(homedir(), SAMPLE_FOLDER);
  const here = (workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === "file" && inspect(uri.fsPath) === "empty")
    .map(({ uri, name }): Item => ({ label: `$(folder) In ${name}`, description: "the open folder, which is empty", folder: uri.fsPath }));
  const items: Item[] = [
    ...here,
    {
      label: `$(home) In ${SAMPLE_FOLDER}`,
      description: inspect(usual) === "project" ? "in your home folder; it is there already" : "a new folder in your home folder",
      folder: usual,
    },
    { label: "$(folder-opened) Choose a folder…", folder: null },
  ];
  const picked = await window.showQuickPick(items, { title: "Open sample project", placeHolder: "Where should the sample project lie?" });
  if (picked === undefined || picked.folder !== null) return picked?.folder ?? null;
  const found = await window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    defaultUri: Uri.file(homedir()),
    openLabel: "Put Sample Here",
    title: "A folder for the sample project",
  });
  return found?.[0]?.fsPath ?? null;
}

async function open(extension: ExtensionContext, folder: string): Promise<void> {
  const folders = workspace.workspaceFolders ?? [];
  if (folders.some(({ uri }) => uri.fsPath === folder)) return await show(folder);
  const uri = Uri.file(folder);
  let newWindow = false;
  if (folders.length > 0) {
    const here = { label: "$(window) Open in this window" };
    const other = { label: "$(empty-window) Open in a new window" };
    const picked = await window.showQuickPick([here, other], { title: "The sample project is made", placeHolder: folder });
    if (picked === undefined) return;
    newWindow = picked === other;
  }
  await extension.globalState.update(PENDING, uri.toString());
  await commands.executeCommand("vscode.openFolder", uri, { forceNewWindow: newWindow, forceReuseWindow: !newWindow });
}

/** In a window that has just been opened on a sample: shows what there is to see. */
async function showPending(extension: ExtensionContext): Promise<void> {
  const pending = extension.globalState.get<string>(PENDING);
  const folder = workspace.workspaceFolders?.find(({ uri }) => uri.toString() === pending);
  if (folder === undefined) return;
  await extension.globalState.update(PENDING, undefined);
  await show(folder.uri.fsPath);
}

async function show(folder: string): Promise<void> {
  const path = join(folder, FIRST_TEMPLATE);
  // A project that was there before may have other templates.
  if (!existsSync(path)) return;
  const file = Uri.file(path);
  await window.showTextDocument(file, { viewColumn: ViewColumn.One });
  // Whoever declares the command shows the preview; a version without it still has the template.
  if ((await commands.getCommands(true)).includes("jiuzhang.preview")) await commands.executeCommand("jiuzhang.preview");
}
