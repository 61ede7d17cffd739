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

/** The model that a job names; `start` is only called where that is an embedded one. */
export function openModel(spec: SendSpec, events: EventLog, signal: AbortSignal, start: StartEmbedded): Model {
  const { embedded } = spec.endpoint;
  if (embedded === undefined) return externalModel(spec, process.env);
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
