import type { IndexLine, RequestLine } from "#protocol/files/shards.ts";
import { buildRequest } from "../synthesis/build-request.ts";
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
  /** Ends the planning between two requests. */
  signal: AbortSignal;
  model: { name: string; identity: string; maxTokensField: "auto" | "max_tokens" | "max_completion_tokens" };
}

/** Keys are looked up in lots; a lot is also the most that is planned ahead. */
const LOT = 200;

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
  let lot: ReturnType<typeof buildRequest>[] = [];
  for await (const { template, seed, sample } of planRequests({ templates: options.templates, seeds, count, assign: options.assign })) {
    options.signal.throwIfAborted();
    const request = buildRequest({
      template: template.template,
      templatePath: template.path,
      templateSha256: template.sha256,
      seed: seed === NO_SEED ? null : seed,
      modelName: options.model.name,
      modelIdentity: options.model.identity,
      sampling: options.sampling,
      sample,
      maxTokensField: options.model.maxTokensField,
    });
    if (!options.more) {
      yield request;
      continue;
    }
    lot.push(request);
    if (lot.length < LOT) continue;
    for (const fresh of await unasked(ports, lot, living)) {
      if (made++ === options.count) return;
      yield fresh;
    }
    if (made >= options.count) return;
    lot = [];
  }
}

async function unasked<T extends { key: string }>({ store }: RunPorts, lot: readonly T[], living: ReadonlySet<string>): Promise<T[]> {
  const known = await store.read("knownKeys", { keys: lot.map(({ key }) => key) });
  const taken = new Set(known.answered);
  for (const { key, job } of known.open) if (living.has(job)) taken.add(key);
  return lot.filter(({ key }) => !taken.has(key));
}
