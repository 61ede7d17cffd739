import {
  ConfigurationTarget,
  commands,
  EventEmitter,
  type TreeDataProvider,
  type TreeItem,
  Uri,
  ViewColumn,
  window,
  workspace,
} from "vscode";
import type { Problem } from "#protocol/errors.ts";
import type { EndpointResults, EndpointSummary } from "#protocol/messages/endpoints.ts";
import { registerCommand } from "../commands/register.ts";
import type { ClientContext } from "../context.ts";
import { chooseTarget } from "../endpoints/choose.ts";
import { openPlace } from "../panels/open-place.ts";
import { problemOf } from "../problems/show.ts";
import { endpointLine, problemLine, serverLine } from "./lines.ts";
import { throttle } from "./throttle.ts";
import { groupItem, treeItem } from "./tree.ts";

type FoundServer = EndpointResults["endpoints/discover"]["servers"][number];

/** What stands in the tree. The commands of its menus are given one of these. */
export type EndpointNode =
  | { kind: "problem"; project: string; problem: Problem }
  | { kind: "endpoint"; project: string; endpoint: EndpointSummary; isDefault: boolean }
  | { kind: "found"; servers: readonly FoundServer[] | Problem }
  | { kind: "server"; project: string | null; server: FoundServer };

const REFRESH_MILLISECONDS = 1_000;

/**
 * The tree of endpoints: those that the recipe declares. Servers on this machine's usual ports stand below them once the user has
 * asked for them; nothing is probed before.
 */
export function registerEndpointsView(context: ClientContext): void {
  const { server, projects, extension, settings } = context;
  const changes = new EventEmitter<undefined>();
  let found: readonly FoundServer[] | Problem | null = null;
  let last: { project: string; nodes: EndpointNode[] } | null = null;
  let troubled = false;

  const declared = async (project: string): Promise<EndpointNode[]> => {
    try {
      const { endpoints, problems } = await server.request("endpoints/list", { project });
      const chosen = settings.get("jiuzhang.endpoint", Uri.parse(project));
      const nodes = endpoints.map((endpoint, at): EndpointNode => {
        const isDefault = endpoints.length > 1 && (chosen === null ? at === 0 : endpoint.name === chosen);
        return { kind: "endpoint", project, endpoint, isDefault };
      });
      last = { project, nodes };
      troubled = false;
      return [...problems.map((problem): EndpointNode => ({ kind: "problem", project, problem })), ...nodes];
    } catch (thrown) {
      troubled = true;
      const known = last?.project === project ? last.nodes : [];
      return [{ kind: "problem", project, problem: problemOf(thrown) }, ...known];
    }
  };

  const provider: TreeDataProvider<EndpointNode> = {
    onDidChangeTreeData: changes.event,
    async getChildren(node) {
      if (node?.kind === "found")
        return "code" in node.servers
          ? []
          : node.servers.map((one): EndpointNode => ({ kind: "server", project: projects.of(), server: one }));
      if (node !== undefined) return [];
      const project = projects.of() ?? (await projects.list())[0] ?? null;
      const nodes = project === null ? [] : await declared(project);
      await commands.executeCommand("setContext", "jiuzhang.endpoints", nodes.length === 0 ? "none" : "some");
      return found === null ? nodes : [...nodes, { kind: "found", servers: found }];
    },
    getTreeItem: itemOf,
  };
  const view = window.createTreeView("jiuzhang.endpoints", { treeDataProvider: provider });
  let stale = false;
  const refresh = throttle(REFRESH_MILLISECONDS, () => {
    if (view.visible) changes.fire(undefined);
    else stale = true;
  });

  registerCommand(context, "jiuzhang.discoverServers", async () => {
    await window.withProgress({ location: { viewId: "jiuzhang.endpoints" } }, async () => {
      try {
        found = (await server.request("endpoints/discover", {})).servers;
      } catch (thrown) {
        found = problemOf(thrown);
      }
    });
    changes.fire(undefined);
  });

  registerCommand(context, "jiuzhang.refreshEndpoints", () => changes.fire(undefined));
  registerCommand(context, "jiuzhang.makeDefault", async (argument?: unknown) => {
    const { project, endpoint } = await chooseTarget(context, argument, { title: "Make default", none: NONE_DECLARED });
    const folder = workspace.getWorkspaceFolder(Uri.parse(project));
    const target = folder === undefined ? ConfigurationTarget.Workspace : ConfigurationTarget.WorkspaceFolder;
    await workspace.getConfiguration("jiuzhang", folder?.uri).update("endpoint", endpoint.name, target);
  });
  registerCommand(context, "jiuzhang.openDeclaration", async (argument?: unknown) => {
    if (isPlace(argument)) return await openPlace(argument.project, argument, ViewColumn.Active);
    const { project, endpoint } = await chooseTarget(context, argument, { title: "Open declaration", none: NONE_DECLARED });
    const { file } = await server.request("endpoints/list", { project });
    await openPlace(project, { file, line: endpoint.line }, ViewColumn.Active);
  });

  const recipes = workspace.createFileSystemWatcher("**/jiuzhang.yaml");
  extension.subscriptions.push(
    changes,
    view,
    recipes,
    { dispose: refresh.cancel },
    view.onDidChangeVisibility(({ visible }) => {
      if (!visible || !stale) return;
      stale = false;
      changes.fire(undefined);
    }),
    recipes.onDidChange(refresh),
    projects.onChange(refresh),
    window.onDidChangeActiveTextEditor((editor) => {
      if (editor !== undefined && projects.of(editor.document.uri) !== last?.project) refresh();
    }),
    extension.secrets.onDidChange(refresh),
    context.endpointsChanged.event(refresh),
    settings.onChange("jiuzhang.endpoint", refresh),
    workspace.onDidGrantWorkspaceTrust(() => {
      // That nothing is looked for without trust is no longer so.
      if (found !== null && "code" in found) found = null;
      refresh();
    }),
    server.onState(({ name }) => {
      if (name === "crashed" || (name === "ready" && troubled)) refresh();
    }),
  );
}

const NONE_DECLARED = "No endpoint is declared in jiuzhang.yaml";

/** The place of a problem, as its line in the tree gives it to the command. */
function isPlace(argument: unknown): argument is { project: string | null; file: string; line: number } {
  if (typeof argument !== "object" || argument === null) return false;
  const { file, line } = argument as { file?: unknown; line?: unknown };
  return typeof file === "string" && typeof line === "number";
}

function itemOf(node: EndpointNode): TreeItem {
  switch (node.kind) {
    case "problem":
      return treeItem(problemLine(node.problem, node.project, "jiuzhang.refreshEndpoints"));
    case "endpoint":
      return treeItem(endpointLine(node.endpoint, node.isDefault), node);
    case "found":
      if ("code" in node.servers) return treeItem(problemLine(node.servers, null, "jiuzhang.discoverServers"));
      if (node.servers.length > 0) return groupItem("Running on this machine", "", "vm-running");
      return treeItem({
        label: "No model server found",
        description: "looked for on the usual ports",
        tooltip: "Ollama, LM Studio, llama-server and vLLM are looked for on their usual ports of this machine.",
        icon: "circle-slash",
        colour: null,
        command: null,
        contextValue: "none",
      });
    case "server":
      return treeItem(serverLine(node.server, "jiuzhang.addEndpoint"));
  }
}
