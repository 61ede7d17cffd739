import type { Problem } from "#protocol/errors.ts";
import type { Facets } from "#protocol/messages/corpus.ts";
import { type Backend, problemOf } from "./backend.ts";
import type { Clock } from "./clock.ts";
import { filteredFields, withoutField } from "./filters.ts";
import { createLatest } from "./latest.ts";
import { selectionOf, type View } from "./view.ts";
import { createWait, type Wait } from "./wait.ts";

/** Counts beside the list. The last ones stay until new ones have come. */
export interface Counting {
  readonly facets: Facets | null;
  readonly problem: Problem | null;
  readonly wait: Wait;
  /** The filter without which most rows would be shown, where now there are none. */
  readonly culprit: Culprit | null;
  count(view: View): Promise<void>;
  /** Finds the culprit of an empty list. */
  blame(view: View): Promise<void>;
}

export interface Culprit {
  /** The field whose conditions exclude most; null for the search. */
  field: string | null;
  /** Rows without it. */
  rows: number;
}

export function createCounting(backend: Backend, clock: Clock, onChange: () => void): Counting {
  const loading = createLatest();
  const blaming = createLatest();
  const wait = createWait(clock, onChange);
  let facets: Facets | null = null;
  let problem: Problem | null = null;
  let culprit: Culprit | null = null;

  return {
    get facets() {
      return facets;
    },
    get problem() {
      return problem;
    },
    get culprit() {
      return culprit;
    },
    wait,
    async count(view) {
      wait.begin();
      culprit = null;
      blaming.stop();
      try {
        const found = await loading.run((signal) => backend.request("corpus/facets", selectionOf(view), signal));
        if (found === undefined) return;
        facets = found;
        problem = null;
      } catch (thrown) {
        problem = problemOf(thrown);
      }
      wait.end();
      onChange();
    },
    async blame(view) {
      const without: { field: string | null; view: View }[] = filteredFields(view.where).map((field) => ({
        field,
        view: { ...view, where: withoutField(view.where, field) },
      }));
      if (view.search.trim() !== "") without.push({ field: null, view: { ...view, search: "" } });
      const counts = await blaming
        .run((signal) => Promise.all(without.map((one) => backend.request("corpus/count", selectionOf(one.view), signal))))
        // The list says already that nothing fits; without this it only cannot say why.
        .catch(() => undefined);
      if (counts === undefined) return;
      const best = counts.reduce((most, { rows }, at) => (rows > (counts[most]?.rows ?? 0) ? at : most), 0);
      const rows = counts[best]?.rows ?? 0;
      culprit = rows === 0 ? null : { field: without[best]?.field ?? null, rows };
      onChange();
    },
  };
}
