import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { commands, EventEmitter, type TreeDataProvider, type TreeItem, window } from "vscode";
import type { Dataset } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import { registerCommand } from "../commands/register.ts";
import type { ClientContext } from "../context.ts";
import { problemOf } from "../problems/show.ts";
import { datasetLine, problemLine } from "./lines.ts";
import { throttle } from "./throttle.ts";
import { groupItem, treeItem } from "./tree.ts";

/** What a project is known to hold. Rows stay when they cannot be asked for again: the problem stands above them. */
interface Shelf {
  project: string;
  datasets: readonly Dataset[];
  problem: Problem | null;
}

/** What stands in the tree. The commands of its menus are given one of these. */
export type DatasetNode =
  | { kind: "project"; project: string }
  | { kind: "problem"; project: string; problem: Problem }
  | { kind: "dataset"; project: string; dataset: string; row: Dataset };

/** While rows come in, the tree follows at most so often. */
const REFRESH_MILLISECONDS = 1_000;

/** The tree of datasets. It asks the server when it is first looked at, and again when rows have changed. */
export function registerDatasets(context: ClientContext): void {
  const { server, projects, extension } = context;
  const changes = new EventEmitter<undefined>();
  const shelves = new Map<string, Shelf>();

  const fill = async (project: string): Promise<Shelf> => {
    const before = shelves.get(project)?.datasets ?? [];
    let shelf: Shelf;
    try {
      const { datasets, problem } = await server.request("corpus/datasets", { project });
      shelf = { project, datasets, problem };
    } catch (thrown) {
      shelf = { project, datasets: before, problem: problemOf(thrown) };
    }
    shelves.set(project, shelf);
    return shelf;
  };

  const provider: TreeDataProvider<DatasetNode> = {
    onDidChangeTreeData: changes.event,
    async getChildren(node) {
      if (node === undefined) {
        const found = await projects.list();
        const [only] = found;
        const nodes =
          only !== undefined && found.length === 1
            ? nodesOf(await fill(only))
            : found.map((project): DatasetNode => ({ kind: "project", project }));
        // The view's welcome text waits for this: while it loads nothing is said to be missing.
        await commands.executeCommand(
          "setContext",
          "jiuzhang.datasets",
          only === undefined ? "no project" : nodes.length === 0 ? "none" : "some",
        );
        return nodes;
      }
      return node.kind === "project" ? nodesOf(await fill(node.project)) : [];
    },
    getTreeItem: itemOf,
  };
  const view = window.createTreeView("jiuzhang.datasets", { treeDataProvider: provider });
  // A view that nobody sees asks for nothing; when it is opened it asks anew.
  let stale = false;
  const refresh = throttle(REFRESH_MILLISECONDS, () => {
    if (view.visible) changes.fire(undefined);
    else stale = true;
  });
  registerCommand(context, "jiuzhang.refreshDatasets", () => changes.fire(undefined));
  extension.subscriptions.push(
    changes,
    view,
    { dispose: refresh.cancel },
    view.onDidChangeVisibility(({ visible }) => {
      if (!visible || !stale) return;
      stale = false;
      changes.fire(undefined);
    }),
    server.on("corpus/changed", refresh),
    server.onState(({ name }) => {
      // A server that has come back can tell what it could not before; a first start was asked for by this very view.
      const troubled = [...shelves.values()].some(({ problem }) => problem !== null);
      if (name === "crashed" || (name === "ready" && troubled)) refresh();
    }),
    projects.onChange(refresh),
    // What a terminal imports is told by nobody: who comes back from it sees it.
    window.onDidChangeWindowState(({ focused }) => {
      if (focused) refresh();
    }),
  );
}

function nodesOf({ project, datasets, problem }: Shelf): DatasetNode[] {
  const rows = datasets.map((row): DatasetNode => ({ kind: "dataset", project, dataset: row.name, row }));
  return problem === null ? rows : [{ kind: "problem", project, problem }, ...rows];
}

function itemOf(node: DatasetNode): TreeItem {
  switch (node.kind) {
    case "project": {
      const path = fileURLToPath(node.project);
      return groupItem(basename(path), "", "root-folder");
    }
    case "problem":
      return treeItem(problemLine(node.problem, node.project, "jiuzhang.refreshDatasets"));
    case "dataset":
      return treeItem(datasetLine(node.project, node.row));
  }
}
