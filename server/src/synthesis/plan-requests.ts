import { createHash } from "node:crypto";
import { fail } from "#protocol/errors.ts";

export interface Plan<T, S> {
  templates: readonly T[];
  /** Gone through once per round of samples, so it must be iterable again: an array, or an object that reads anew. */
  seeds: Iterable<S> | AsyncIterable<S>;
  /** Number of requests. */
  count: number;
  /** `one` draws one template per seed, `all` asks for every one. */
  assign: "one" | "all";
}

export interface Planned<T, S> {
  template: T;
  seed: S;
  sample: number;
}

/**
 * Which seed meets which template: lazily, in the order of the seeds, in flat memory. Where `count` is more than one
 * round gives, the rounds go on with the next sample of each pair.
 * @throws import/empty where there are no seeds
 */
export async function* planRequests<T extends { path: string }, S extends { id: string }>(plan: Plan<T, S>): AsyncGenerator<Planned<T, S>> {
  const { templates, seeds, count, assign } = plan;
  if (templates.length === 0)
    throw fail("usage/invalid-argument", "There is no template to ask with", { remedy: "Name one with --template." });
  let made = 0;
  for (let sample = 0; made < count; sample++) {
    const before = made;
    for await (const seed of seeds) {
      const drawn = assign === "one" ? [drawTemplate(seed.id, templates)] : templates;
      for (const template of drawn) {
        if (made >= count) return;
        made++;
        yield { template, seed, sample };
      }
    }
    if (made === before)
      throw fail("import/empty", sample === 0 ? "There are no seeds to ask with" : "The seeds can be read only once, and more are wanted", {
        remedy: "Import seeds first, or name a file that has some.",
      });
  }
}

/**
 * The template of a seed by rendezvous hashing (Thaler and Ravishankar, 1996): the one with the highest hash of (seed,
 * template path). A ninth template takes a ninth of the seeds and moves no other; an edited one keeps its seeds, because
 * its path stays.
 */
export function drawTemplate<T extends { path: string }>(seedId: string, templates: readonly T[]): T {
  let best: { template: T; weight: bigint } | null = null;
  for (const template of templates) {
    const weight = createHash("sha256")
      .update(`${JSON.stringify([seedId, template.path])}`)
      .digest()
      .readBigUInt64BE(0);
    if (best === null || weight > best.weight) best = { template, weight };
  }
  if (best === null) throw fail("usage/invalid-argument", "There is no template to draw from");
  return best.template;
}
