import { basename } from "node:path";
import {
  commands,
  EventEmitter,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type Uri,
  window,
  workspace,
} from "vscode";
import type { ClientContext } from "../context.ts";
import { byFolder, type TemplateFolder } from "./folders.ts";
import { throttle } from "./throttle.ts";

interface Template {
  path: string;
  /** Named as the editor names it, for commands that take files of any tree. */
  resourceUri: Uri;
}

type TemplateNode = TemplateFolder<Template> | Template;

/** More templates than this make no list that anybody reads. */
const MOST_TEMPLATES = 1_000;

const REFRESH_MILLISECONDS = 1_000;

/** The tree of templates: every .prompty file of the open folders. It needs no server. */
export function registerTemplates({ extension }: ClientContext): void {
  const changes = new EventEmitter<undefined>();
  const provider: TreeDataProvider<TemplateNode> = {
    onDidChangeTreeData: changes.event,
    async getChildren(node) {
      if (node !== undefined) return "files" in node ? node.files : [];
      const several = (workspace.workspaceFolders ?? []).length > 1;
      const found = await workspace.findFiles("**/*.prompty", "**/{node_modules,.jiuzhang}/**", MOST_TEMPLATES);
      const folders = byFolder(found.map((uri) => ({ path: workspace.asRelativePath(uri, several), resourceUri: uri })));
      // The view's welcome text waits for this: while it loads nothing is said to be missing.
      await commands.executeCommand("setContext", "jiuzhang.templates", found.length === 0 ? "none" : "some");
      const [only] = folders;
      return folders.length === 1 && only !== undefined ? only.files : folders;
    },
    getTreeItem: itemOf,
  };
  const view = window.createTreeView("jiuzhang.templates", { treeDataProvider: provider, showCollapseAll: true });
  const refresh = throttle(REFRESH_MILLISECONDS, () => changes.fire(undefined));
  const files = workspace.createFileSystemWatcher("**/*.prompty", false, true, false);
  extension.subscriptions.push(
    changes,
    view,
    files,
    { dispose: refresh.cancel },
    files.onDidCreate(refresh),
    files.onDidDelete(refresh),
    workspace.onDidChangeWorkspaceFolders(refresh),
  );
}

function itemOf(node: TemplateNode): TreeItem {
  if ("files" in node) {
    const item = new TreeItem(node.path === "" ? "." : node.path, TreeItemCollapsibleState.Expanded);
    item.iconPath = ThemeIcon.Folder;
    return item;
  }
  const item = new TreeItem(node.resourceUri);
  item.label = basename(node.path);
  item.iconPath = new ThemeIcon("comment-discussion");
  item.contextValue = "template";
  item.command = { command: "vscode.open", title: "Open Template", arguments: [node.resourceUri] };
  return item;
}
