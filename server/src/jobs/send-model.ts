import { AppError, fail } from "#protocol/errors.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import { createEndpoint, type Endpoint } from "../endpoints/endpoint.ts";
import type { Ask } from "./run-send.ts";

/** What a job sends its requests to. */
export interface Model {
  ask: Ask;
  close(): Promise<void>;
}

/** The engine's process as its room starts it. */
export interface RunningEngine {
  baseUrl: string;
  token: string;
  /** Settles when the process ends, whatever ended it. */
  exited: Promise<unknown>;
  stop(): Promise<unknown>;
}

/** A declared endpoint. The key is read from the environment variable that the job names. @throws model/missing-key */
export function externalModel(spec: SendSpec, env: NodeJS.ProcessEnv): Model {
  const { base_url, model, api_key_env, name } = spec.endpoint;
  if (base_url === undefined) throw fail("job/corrupt", `The job's endpoint “${name}” has neither an address nor an embedded model`);
  const apiKey = api_key_env === undefined ? null : (env[api_key_env] ?? "");
  if (apiKey === "")
    throw fail("model/missing-key", `The key of endpoint “${name}” is not in the environment variable ${api_key_env}`, {
      remedy: `Set ${api_key_env} and run the same command again.`,
      data: { endpoint: name, variable: api_key_env },
    });
  const endpoint = createEndpoint({ baseUrl: base_url, apiKey, model, stallSeconds: spec.stall_seconds });
  return {
    ask: (line, options) => endpoint.send({ url: line.url, body: line.body, stream: spec.stream, ...options }),
    async close() {
      endpoint.close();
    },
  };
}

const MAX_RESTARTS = 3;

/**
 * The embedded model: its process is started for this job and started again where it dies, at most three times. What was
 * in flight then fails as a reset and is asked again.
 */
export function embeddedModel(spec: SendSpec, start: () => Promise<RunningEngine>, warn: (message: string) => void): Model {
  let running: Promise<{ engine: RunningEngine; endpoint: Endpoint }> | null = null;
  let last: Endpoint | null = null;
  let deaths = 0;
  let closing = false;

  const open = async () => {
    const engine = await start();
    const endpoint = createEndpoint({
      baseUrl: engine.baseUrl,
      apiKey: engine.token,
      model: spec.endpoint.model,
      stallSeconds: spec.stall_seconds,
    });
    last = endpoint;
    void engine.exited.then(() => {
      running = null;
      if (closing) return;
      deaths++;
      warn(deaths <= MAX_RESTARTS ? "The engine ended by itself; it is started again" : "The engine ended by itself");
    });
    return { engine, endpoint };
  };

  return {
    async ask(line, options) {
      if (running === null) {
        if (deaths > MAX_RESTARTS)
          throw fail("engine/start-failed", `The engine ended by itself ${deaths} times`, {
            remedy: "Look into stderr.log of the job; fewer threads or a lower concurrency need less memory.",
          });
        // Whatever still waits for the engine that died gets no answer any more.
        last?.close();
        running = open();
        // A failed start is thrown to whoever waits for it; the next request tries again.
        running.catch(() => {
          running = null;
        });
      }
      const { endpoint } = await running;
      try {
        return await endpoint.send({ url: line.url, body: line.body, stream: spec.stream, ...options });
      } catch (error) {
        const byUs = error instanceof AppError && error.problem.code === "model/aborted" && !options.signal.aborted && !closing;
        throw byUs ? fail("model/reset", "The engine ended before its answer was complete", { cause: error }) : error;
      }
    },
    async close() {
      closing = true;
      const opened = await running?.catch(() => null);
      last?.close();
      await opened?.engine.stop();
    },
  };
}
