import type { IndexLine, RequestLine } from "#protocol/files/shards.ts";
import { type BuiltRequest, buildRequest, type SeedRow } from "../synthesis/build-request.ts";
import { planRequests } from "../synthesis/plan-requests.ts";
import type { Sampling } from "../synthesis/sampling.ts";
import type { RunPorts } from "./ports.ts";
import { NO_SEED, openSeeds, type SeedSource } from "./seeds.ts";
import type { LoadedTemplate } from "./templates.ts";

export interface PlanOptions {
  templates: readonly LoadedTemplate[];
  seeds: SeedSource;
  count: number;
  assign: "one" | "all";
  /** Leave out what has been asked before, and go on until `count` new ones are found. */
  more: boolean;
  sampling: Sampling;
  /** Hears of each request that the plan has. */
  onRequest?: (key: string, seed: SeedRow | null, sample: number) => void;
  /** Ends the planning between two requests. */
  signal: AbortSignal;
  model: { name: string; identity: string; maxTokensField: "auto" | "max_tokens" | "max_completion_tokens" };
}

/** Keys are looked up in lots; a lot is also the most that is planned ahead. */
const LOT = 200;
const LEAST = 4;

/**
 * The requests of a run in their order: the first `count` of the plan, or with `more` the first `count` that were never answered
 * and that no living job is asking. The same options and files give the same requests.
 */
export async function* planLines(
  ports: RunPorts,
  options: PlanOptions,
  living: ReadonlySet<string>,
): AsyncGenerator<{ line: RequestLine; index: IndexLine }> {
  const seeds = openSeeds(ports, options.seeds);
  const count = options.more ? Number.MAX_SAFE_INTEGER : options.count;
  let made = 0;
  let lot: Planned[] = [];
  // Mostly the next few are new; where many were asked before, larger lots get past them sooner.
  let size = Math.min(LOT, Math.max(LEAST, options.count));
  const take = ({ request, seed, sample }: Planned) => {
    options.onRequest?.(request.key, seed, sample);
    return request;
  };
  for await (const { template, seed: drawn, sample } of planRequests({
    templates: options.templates,
    seeds,
    count,
    assign: options.assign,
  })) {
    options.signal.throwIfAborted();
    const seed = drawn === NO_SEED ? null : drawn;
    const request = buildRequest({
      template: template.template,
      templatePath: template.path,
      templateSha256: template.sha256,
      seed,
      modelName: options.model.name,
      modelIdentity: options.model.identity,
      sampling: options.sampling,
      sample,
      maxTokensField: options.model.maxTokensField,
    });
    const planned = { key: request.key, request, seed, sample };
    if (!options.more) {
      yield take(planned);
      continue;
    }
    lot.push(planned);
    if (lot.length < size) continue;
    for (const fresh of await unasked(ports, lot, living)) {
      if (made++ === options.count) return;
      yield take(fresh);
    }
    if (made >= options.count) return;
    lot = [];
    size = Math.min(LOT, size * 2);
  }
}

interface Planned {
  key: string;
  request: BuiltRequest;
  seed: SeedRow | null;
  sample: number;
}

async function unasked<T extends { key: string }>({ store }: RunPorts, lot: readonly T[], living: ReadonlySet<string>): Promise<T[]> {
  const known = await store.read("knownKeys", { keys: lot.map(({ key }) => key) });
  const taken = new Set(known.answered);
  for (const { key, job } of known.open) if (living.has(job)) taken.add(key);
  return lot.filter(({ key }) => !taken.has(key));
}
