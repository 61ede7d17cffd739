import { fail } from "#protocol/errors.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import type { EventLog } from "./event-log.ts";
import { embeddedModel, externalModel, type Model } from "./send-model.ts";

/** The model that a job names. The engine's code is only loaded where the job needs it. */
export function openModel(spec: SendSpec, events: EventLog, _signal: AbortSignal): Model {
  if (spec.endpoint.embedded === undefined) return externalModel(spec, process.env);
  return embeddedModel(
    spec,
    () => Promise.reject(fail("engine/start-failed", "The embedded engine is not there")),
    (message) => events.warn({ code: "engine/start-failed", message }),
  );
}
