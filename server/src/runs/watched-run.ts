import { AppError, type ErrorCode, type Problem, toProblem } from "#protocol/errors.ts";
import type { EventLine } from "#protocol/files/events.ts";
import { STREAM_MAX_REQUESTS } from "#protocol/limits.ts";
import type { GenerateDone, GenerateEvent } from "#protocol/messages/generate.ts";
import { DEFAULT_PARALLEL } from "../engine/settings.ts";
import { entries } from "../entries.ts";
import type { StartEmbedded } from "../jobs/open-model.ts";
import type { SeedRow } from "../synthesis/build-request.ts";
import type { CorpusStore } from "../thread.ts";
import { DEFAULT_CONCURRENCY, DEFAULT_RETRIES, STALL_SECONDS, WATCHED_RETRIES } from "./defaults.ts";
import { collectDeltas } from "./deltas.ts";
import { withAdapter } from "./embedded.ts";
import { type ReadyModel, readyModel } from "./engine-home.ts";
import { type Counts, type GenerateObserver, generate } from "./generate.ts";
import type { RunRequest } from "./runner-messages.ts";
import { sendHere } from "./send-here.ts";
import { detachedSend } from "./start-send.ts";
import { endpointSpec, modelHash } from "./target.ts";
import { readyTemplate } from "./templates.ts";
import type { WarmEngines } from "./warm-engines.ts";

export interface WatchedRun {
  store: CorpusStore;
  engines: WarmEngines;
  signal: AbortSignal;
  onEvent(event: GenerateEvent): void;
  report(problem: Problem): void;
}

/** Rows of one run that are told in full; a panel reads the others from the index. */
const MOST_ROWS = 200;

/**
 * A run that an editor watches: the terminal's pipe, with the text of small runs as it comes. Each time it asks for samples that
 * nobody has asked for. @throws what `generate` throws, with what came in the problem's `data`
 */
export async function watchedRun(request: RunRequest, run: WatchedRun): Promise<GenerateDone> {
  const { signal, onEvent, engines } = run;
  const began = performance.now();
  const template = readyTemplate(request.template.path, request.template.source);
  for (const problem of template.warnings) onEvent({ type: "warning", problem });
  const { endpoint } = request;
  const ready = endpoint.embedded ? await readyModel(request.homes, endpoint.model_file ?? undefined, signal) : null;
  const env = { ...process.env, ...request.keys };
  const model = ready === null ? null : await withAdapter(ready.model, endpoint.adapter_file, { home: ready.home, signal });
  const { endpoint: spec, identity } = endpointSpec(endpoint, model, env);
  const streams = request.count <= STREAM_MAX_REQUESTS;

  const asked = new Map<string, { sample: number; seed: string | null }>();
  const deltas = collectDeltas((key) => asked.get(key) ?? { sample: 0, seed: null }, onEvent);
  const here = () => sendHere({ env, startEngine: warmStart(ready, engines, onEvent), onDelta: deltas.listen, report: run.report });
  const detached = async (dir: string) => {
    // A second copy of the model in memory would slow both down.
    if (model !== null) await engines.rest(modelHash(model));
    const home = ready === null ? {} : { JIUZHANG_CACHE: ready.home };
    return await detachedSend(entries.send, { ...env, ...home })(dir);
  };

  const told = { job: null as string | null, requests: 0, reused: 0, rows: 0, cost: null as number | null };
  let more = 0;
  let counts: Counts = { rows: 0, parsed: 0, accepted: 0 };
  const observer: GenerateObserver = {
    onPlan({ job, requests, answered, asking }) {
      Object.assign(told, { job, requests, reused: answered });
      onEvent({ type: "plan", job, requests, answered, asking, endpoint: endpoint.name, model: endpoint.model, streams });
    },
    onRow(row, seed, key) {
      deltas.flush();
      if (told.rows++ < MOST_ROWS) onEvent({ type: "row", row, seed, key });
      else more++;
    },
    onMore(rows) {
      more += rows;
    },
    onCounts(now) {
      counts = now;
      if (more > 0) onEvent({ type: "more", rows: more });
      more = 0;
    },
    onEvent(event) {
      if (event.event === "progress" || event.event === "end") told.cost = event.cost ?? told.cost;
      for (const one of spoken(event)) onEvent(one);
    },
    onWait: (job, requests) => onEvent({ type: "wait", job, requests }),
  };
  const done = (): GenerateDone => ({
    job: told.job ?? "",
    dataset: request.dataset,
    requests: told.requests,
    reused: told.reused,
    ...counts,
    seconds: Math.round((performance.now() - began) / 100) / 10,
    cost: told.cost,
  });
  try {
    await generate(
      { projectDir: request.projectDir, store: run.store },
      {
        templates: [template],
        seeds: request.seeds,
        count: request.count,
        assign: "one",
        more: true,
        sampling: {},
        model: { name: spec.model, identity, maxTokensField: endpoint.max_tokens_field },
        onRequest(key, seed, sample) {
          if (streams) asked.set(key, { sample, seed: labelOf(seed) });
        },
        spec: {
          task: "send",
          dataset: request.dataset,
          model_identity: identity,
          endpoint: spec,
          concurrency: endpoint.embedded ? DEFAULT_PARALLEL : DEFAULT_CONCURRENCY,
          stream: streams,
          retries: streams ? WATCHED_RETRIES : DEFAULT_RETRIES,
          stall_seconds: STALL_SECONDS,
          ...(request.budget === null ? {} : { budget: request.budget }),
        },
        send: streams ? here() : detached,
        signal,
      },
      observer,
    );
    return done();
  } catch (thrown) {
    const problem = toProblem(thrown);
    if (told.job === null) throw thrown;
    throw new AppError({ ...problem, data: { ...problem.data, ...done() } }, { cause: thrown });
  } finally {
    deltas.flush();
  }
}

/** The engine of a run in this process: the warm one. */
function warmStart(ready: ReadyModel | null, engines: WarmEngines, onEvent: (event: GenerateEvent) => void): StartEmbedded {
  return async ({ threads, model_file: path, model_sha256: sha256, adapter }, _parallel, signal) => {
    const home = ready?.home ?? "";
    const onStart = () => onEvent({ type: "preparing", stage: "Starting the embedded model", done: 0, total: null, unit: "" });
    return await engines.lease({ model: { path, sha256, adapter }, home, threads }, { signal, onStart });
  };
}

/** What people know a seed by, as rows of a run name it. */
const labelOf = (seed: SeedRow | null): string | null => {
  if (seed === null) return null;
  const id = seed.columns?.id;
  return typeof id === "string" || typeof id === "number" ? String(id) : seed.id.slice(0, 8);
};

function spoken(event: EventLine): GenerateEvent[] {
  if (event.event === "warning") {
    const { code, message, remedy, data } = event;
    const problem: Problem = {
      code: code as ErrorCode,
      message,
      ...(remedy === undefined ? {} : { remedy }),
      ...(data === undefined ? {} : { data }),
    };
    return [{ type: "warning", problem }];
  }
  if (event.event !== "progress") return [];
  const { done, total = done, tokens = 0, tokens_per_second: tokensPerSecond = null, rate = 0, cost = null } = event;
  const secondsLeft = rate > 0 ? Math.max(0, (total - done) / rate) : null;
  return [{ type: "progress", done, total, tokens, tokensPerSecond, secondsLeft, cost }];
}
