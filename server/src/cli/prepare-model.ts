import type { SendSpec } from "#protocol/files/job.ts";
import type { App } from "../app.ts";
import { chooseEndpoint, endpointSpec, type ModelFile, type TargetChoice } from "../runs/target.ts";
import type { Output } from "./output.ts";

export interface PreparedModel {
  spec: SendSpec["endpoint"];
  identity: string;
  maxTokensField: "auto" | "max_tokens" | "max_completion_tokens";
  embedded: boolean;
  /** Requests that the embedded engine takes at a time. */
  parallel: number;
}

/** Makes the chosen model ready to be asked: an embedded one is fetched and its engine installed, with a line for each. */
export async function prepareModel(app: App, _out: Output, choice: TargetChoice, _signal: AbortSignal): Promise<PreparedModel> {
  const endpoint = await chooseEndpoint(app.projectDir, choice, process.env);
  const model: ModelFile | null = null;
  const { spec, identity } = {
    spec: endpointSpec(endpoint, model, process.env).endpoint,
    identity: endpointSpec(endpoint, model, process.env).identity,
  };
  return { spec, identity, maxTokensField: endpoint.max_tokens_field, embedded: endpoint.embedded, parallel: 4 };
}
