import { fail } from "#protocol/errors.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import type { EventLog } from "./event-log.ts";
import { embeddedModel, externalModel, type Model, type RunningEngine } from "./send-model.ts";

/** Starts the embedded engine for a job. */
export type StartEmbedded = (
  embedded: NonNullable<SendSpec["endpoint"]["embedded"]>,
  parallel: number,
  signal: AbortSignal,
) => Promise<RunningEngine>;

export interface OpenOptions {
  events: EventLog;
  /** Aborted when the job stops. */
  signal: AbortSignal;
  /** Environment variables, one of which may hold the key. */
  env: NodeJS.ProcessEnv;
  /** Called only where the model is an embedded one. */
  start: StartEmbedded;
}

/** The model that a job names. */
export function openModel(spec: SendSpec, { events, signal, env, start }: OpenOptions): Model {
  const { embedded } = spec.endpoint;
  if (embedded === undefined) return externalModel(spec, env);
  return embeddedModel(
    spec,
    async () => {
      if (signal.aborted) throw fail("model/aborted", "The job is stopping");
      return await start(embedded, spec.concurrency, signal);
    },
    (message) => {
      if (!signal.aborted) events.warn({ code: "engine/start-failed", message });
    },
  );
}
