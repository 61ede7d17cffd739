import { env } from "vscode";
import { registerCommand } from "../commands/register.ts";
import type { ClientContext } from "../context.ts";
import { ProblemError } from "../server/server.ts";
import { type DatasetNode, registerDatasets } from "./datasets.ts";
import { type EndpointNode, registerEndpointsView } from "./endpoints.ts";
import { registerTemplates } from "./templates.ts";

/** The trees in the activity bar. Each asks for its content when it is first looked at. */
export function registerViews(context: ClientContext): void {
  registerTemplates(context);
  registerDatasets(context);
  registerEndpointsView(context);
  registerCommand(context, "jiuzhang.copyName", async (node?: DatasetNode | EndpointNode) => {
    if (node?.kind === "dataset") await env.clipboard.writeText(node.dataset);
    else if (node?.kind === "endpoint") await env.clipboard.writeText(node.endpoint.name);
    else
      throw new ProblemError({
        code: "usage/not-found",
        message: "Nothing with a name is chosen",
        remedy: "Use it on a line of the Datasets or Endpoints view.",
      });
  });
}
