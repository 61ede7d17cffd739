import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Disposable, EventEmitter, type LogOutputChannel, RelativePattern, type Uri, window, workspace } from "vscode";
import { ProblemError } from "../server/server.ts";
import { chooseProject } from "./choose.ts";
import type { ProjectFinder } from "./finder.ts";

/** Finds projects among the open folders. */
export function createProjects(subscriptions: Disposable[], log: LogOutputChannel): ProjectFinder {
  let remembered: string | null = null;
  let known: readonly string[] = [];
  let active = fileOf(window.activeTextEditor?.document.uri);
  // A panel that takes the focus leaves no active editor: what was active before still tells what is meant.
  subscriptions.push(
    window.onDidChangeActiveTextEditor((editor) => {
      active = fileOf(editor?.document.uri) ?? active;
    }),
  );
  const choose = (uri: Uri | null | undefined) =>
    chooseProject({ file: fileOf(uri), folders: openFolders(), below: known, active, remembered, isProject });

  const changes = new EventEmitter<void>();
  const recipes = workspace.createFileSystemWatcher(`**/${RECIPE}`, false, true, false);
  let below: Promise<readonly string[]> | null = null;
  const changed = () => {
    below = null;
    known = [];
    changes.fire();
  };
  /** Folders with a recipe anywhere in the open folders. The search may take seconds. */
  const search = (): Promise<readonly string[]> => {
    below ??= Promise.all(openFolders().map(recipesIn))
      .then((found) => {
        const before = known;
        known = found.flat();
        if (known.some((folder) => !before.includes(folder) && !openFolders().includes(folder))) changes.fire();
        return known;
      })
      .catch((thrown) => {
        // The open folders themselves are looked at without a search.
        log.warn(`Projects below the open folders could not be looked for: ${thrown}`);
        return [];
      });
    return below;
  };
  subscriptions.push(
    changes,
    recipes,
    recipes.onDidCreate(changed),
    recipes.onDidDelete(changed),
    workspace.onDidChangeWorkspaceFolders(changed),
  );

  return {
    async list() {
      const here = openFolders().filter(isProject);
      const searching = search();
      // What stands in an open folder itself is known at once; what a search still finds below it is told as a change.
      const inside = here.length > 0 ? known : await searching;
      return [...new Set([...here, ...inside])].map(projectUri);
    },
    onChange: changes.event,
    of(uri) {
      const choice = choose(uri);
      return "project" in choice ? projectUri(choice.project) : null;
    },
    async need(uri) {
      if (openFolders().length > 0 && !openFolders().some(isProject)) await search();
      const choice = choose(uri);
      if ("project" in choice) return projectUri(choice.project);
      if ("none" in choice) throw new ProblemError(noProject());
      const picked = await window.showQuickPick(
        choice.ask.map((folder) => ({ label: basename(folder), description: folder, folder })),
        { title: "Which project?", placeHolder: "Several folders are open" },
      );
      if (picked === undefined) throw new ProblemError({ code: "cancelled", message: "Cancelled" });
      remembered = picked.folder;
      return projectUri(picked.folder);
    },
  };
}

const RECIPE = "jiuzhang.yaml";
const DATA_FOLDER = ".jiuzhang";

/** More projects than this in one folder are nobody's list. */
const MOST_PROJECTS = 50;

/** Folders with a recipe somewhere below an open folder. */
async function recipesIn(folder: string): Promise<string[]> {
  const files = await workspace.findFiles(
    new RelativePattern(folder, `**/${RECIPE}`),
    `**/{node_modules,${DATA_FOLDER}}/**`,
    MOST_PROJECTS,
  );
  return files.map(({ fsPath }) => dirname(fsPath)).sort();
}

/** Whether a folder holds a recipe or data of ours. */
export const isProject = (folder: string): boolean => existsSync(join(folder, RECIPE)) || existsSync(join(folder, DATA_FOLDER));

/** A folder as the messages name it. */
export const projectUri = (folder: string): string => pathToFileURL(folder).href;

const openFolders = (): string[] =>
  (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath);

const fileOf = (uri: Uri | null | undefined): string | null => (uri?.scheme === "file" ? uri.fsPath : null);

function noProject() {
  const elsewhere = (workspace.workspaceFolders ?? []).some(({ uri }) => uri.scheme !== "file");
  return elsewhere
    ? ({
        code: "project/none",
        message: "The open folder is not on a disk of this machine, where the index and the jobs have to lie",
        remedy: "Open a folder of this machine, or connect to the machine where it lies.",
      } as const)
    : ({ code: "project/none", message: "No folder is open", remedy: "Open a folder, or make the sample project." } as const);
}
