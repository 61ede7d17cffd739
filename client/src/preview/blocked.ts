import type { Problem } from "#protocol/errors.ts";
import type { EndpointSummary } from "#protocol/messages/endpoints.ts";
import type { Rendering } from "#protocol/messages/preview.ts";
import type { PreviewState } from "#protocol/panels.ts";
import type { ServerState } from "../server/server.ts";

/** What decides whether a preview can generate. */
export interface Circumstances {
  project: string | null;
  trusted: boolean;
  server: ServerState["name"];
  /** Null until they are known. */
  endpoints: readonly EndpointSummary[] | null;
  /** The chosen one; null for the first. */
  endpoint: string | null;
  /** Where the values of the last good preview came from; null where there is none. */
  values: Rendering["values"]["from"] | null;
}

type Verdict = Pick<PreviewState, "blocked" | "lead">;

/** Why Generate cannot be used now, and what the button does instead. The first reason counts: the others may go with it. */
export function whatBlocks(now: Circumstances): Verdict {
  const { project, trusted, server, endpoints, values } = now;
  if (project === null)
    return no("project/none", "Generate needs a folder to keep problems in", { title: "Open a folder", command: "vscode.openFolder" });
  if (!trusted)
    return no("project/untrusted", "Generate waits until you trust this workspace", {
      title: "Manage trust",
      command: "workbench.trust.manage",
    });
  if (server === "crashed")
    return no("server/stopped", "Generate needs the server", { title: "Restart the server", command: "jiuzhang.restartServer" });
  if (server === "starting" || endpoints === null) return no("server/stopped", "Generate waits for the server");
  const endpoint = endpoints.find(({ name }) => now.endpoint === null || name === now.endpoint) ?? null;
  if (endpoint === null) return no("project/unknown-endpoint", "No model is set up yet", ADD);
  if (endpoint.installed === false && endpoint.line === null) return no("engine/model-missing", "No model is set up yet", ADD);
  if (endpoint.installed === false)
    return no("engine/model-missing", `The embedded engine of “${endpoint.name}” is not installed`, {
      title: "Install the engine",
      command: "jiuzhang.installEngine",
      ...(endpoint.modelFile === null ? {} : { args: [{ model: endpoint.modelFile }] }),
    });
  if (endpoint.key !== null && !endpoint.key.present)
    return no("model/missing-key", `“${endpoint.name}” has no key yet`, {
      title: "Set the key…",
      command: "jiuzhang.setKey",
      args: [{ project, endpoint: endpoint.name }],
    });
  if (values === "sample") return no("import/empty", "Generate needs a seed", { title: "Import seeds…", command: "jiuzhang.importFile" });
  return { blocked: null, lead: null };
}

const ADD = { title: "Add an endpoint…", command: "jiuzhang.addEndpoint" };

const no = (code: Problem["code"], message: string, lead: PreviewState["lead"] = null): Verdict => ({ blocked: { code, message }, lead });
