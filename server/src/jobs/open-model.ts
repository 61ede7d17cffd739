import { join } from "node:path";
import type { SendSpec } from "#protocol/files/job.ts";
import type { EventLog } from "./event-log.ts";
import { embeddedModel, externalModel, type Model, type RunningEngine } from "./send-model.ts";

/** The model that a job names. `signal` ends a start of the embedded engine, and the engine itself. */
export function openModel(spec: SendSpec, events: EventLog, signal: AbortSignal): Model {
  const { embedded } = spec.endpoint;
  if (embedded === undefined) return externalModel(spec, process.env);
  const warn = (message: string) => {
    if (!signal.aborted) events.warn({ code: "engine/start-failed", message });
  };
  return embeddedModel(spec, () => startEmbedded(embedded, spec.concurrency, signal), warn);
}

/** The engine's code is only loaded where a job needs it. What is missing of the engine is installed, as by whoever made the job. */
async function startEmbedded(
  { model_file, model_sha256, threads }: NonNullable<SendSpec["endpoint"]["embedded"]>,
  parallel: number,
  signal: AbortSignal,
): Promise<RunningEngine> {
  const [{ startEngine }, { installEngine }, { cacheDir }, { entries, shippedFolder }] = await Promise.all([
    import("../engine/start.ts"),
    import("../engine/install.ts"),
    import("../engine/cache.ts"),
    import("../entries.ts"),
  ]);
  const log = (line: string) => process.stderr.write(`engine: ${line}\n`);
  const engineDir = await installEngine({
    cacheDir: cacheDir(),
    lockDir: join(shippedFolder("media"), "engine"),
    signal,
    onProgress: ({ stage }) => log(stage),
  });
  return startEngine({
    entry: entries.engine,
    engineDir,
    modelFile: model_file,
    modelSha256: model_sha256,
    ...(threads === undefined ? {} : { threads }),
    parallel,
    // It lives as long as the job: a pause that the endpoint's limits ask for is no reason to load the model again.
    idleSeconds: 0,
    signal,
    onLog: log,
  });
}
