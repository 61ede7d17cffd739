import type { Progress } from "#protocol/corpus.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import type { App } from "../app.ts";
import { DEFAULT_PARALLEL } from "../engine/settings.ts";
import { prepareEmbedded, withAdapter } from "../runs/embedded.ts";
import { chooseEndpoint, endpointSpec, type TargetChoice } from "../runs/target.ts";
import type { Output } from "./output.ts";
import { createProgress, type ProgressLine } from "./progress.ts";
import { duration } from "./table.ts";

export interface PreparedModel {
  spec: SendSpec["endpoint"];
  identity: string;
  maxTokensField: "auto" | "max_tokens" | "max_completion_tokens";
  embedded: boolean;
  /** Requests that the embedded engine takes at a time. */
  parallel: number;
}

/** Makes the chosen model ready to be asked: an embedded one is fetched and its engine installed, with a line that says so. */
export async function prepareModel(app: App, out: Output, choice: TargetChoice, signal: AbortSignal): Promise<PreparedModel> {
  const endpoint = await chooseEndpoint(app.projectDir, choice, process.env);
  const model = endpoint.embedded
    ? await withAdapter(await fetchEmbedded(out, endpoint.model_file ?? undefined, signal), endpoint.adapter_file, { signal })
    : null;
  const { endpoint: spec, identity } = endpointSpec(endpoint, model, process.env);
  return { spec, identity, maxTokensField: endpoint.max_tokens_field, embedded: endpoint.embedded, parallel: DEFAULT_PARALLEL };
}

export async function fetchEmbedded(out: Output, source: string | undefined, signal: AbortSignal) {
  const began = Date.now();
  let line: ProgressLine | null = null;
  let stage = "";
  const onProgress = (now: Progress) => {
    if (now.stage !== stage) {
      line?.end();
      line = createProgress(out, "model", now.unit === "bytes" ? "bytes" : "");
      stage = now.stage;
      if (!out.interactive) out.log(`${now.stage} …`);
    }
    line?.update({ done: now.done, total: now.total, note: now.stage });
  };
  const model = await prepareEmbedded({ source, signal, onProgress }).finally(() => line?.end());
  const name = model.path.split(/[\\/]/).at(-1) ?? model.path;
  out.line(
    `  ${out.style("green", "✓")} model     ${`${name}, sha256 ${model.sha256.slice(0, 8)}`.padEnd(54)}${out.style("dim", duration((Date.now() - began) / 1000).padStart(6))}`,
  );
  return model;
}
