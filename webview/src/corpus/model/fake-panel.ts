import type { Backend } from "./backend.ts";
import { rowOf } from "./fake-rows.ts";
import { createHeldClock, type HeldClock } from "./held-clock.ts";
import type { Kept } from "./kept-state.ts";
import { type CorpusStore, createStore } from "./store.ts";

/** For tests: a panel over so many rows whose server answers after ten milliseconds. */
export interface FakePanel {
  clock: HeldClock;
  store: CorpusStore;
  /** What has been asked by this method, in order. */
  sent(method: string): Record<string, unknown>[];
  /** Puts so many new rows on top. */
  arrive(count: number): void;
  /** Where the list stands. */
  place: { row: number; pixels: number };
  kept(): Kept | null;
}

export function openFakePanel(count: number, before: { kept: Kept | null; arrived?: number } = { kept: null }): FakePanel {
  const clock = createHeldClock();
  const asked: { method: string; params: Record<string, unknown> }[] = [];
  const server = { rows: Array.from({ length: count }, (_, index) => rowOf(index)), kept: null as Kept | null };
  const arrive = (more: number) => {
    server.rows = [...Array.from({ length: more }, (_, at) => rowOf(1_000_000 + server.rows.length + at)), ...server.rows];
  };
  arrive(before.arrived ?? 0);
  const answers: Record<string, (params: never) => unknown> = {
    "corpus/datasets": () => ({
      datasets: [{ name: "d", kind: "problem", rows: server.rows.length, revision: "", accepted: 0, updated: "2026-01-01T00:00:00.000Z" }],
      problem: null,
    }),
    "corpus/page": ({ query }: { query: { after?: string; skip?: number; limit: number } }) => {
      const first = Number(query.after ?? 0) + (query.skip ?? 0);
      const end = Math.min(first + query.limit, server.rows.length);
      return { rows: server.rows.slice(first, end), next: end < server.rows.length ? String(end) : null, milliseconds: 1 };
    },
    "corpus/anchors": ({ row }: { row?: string }) => ({
      every: 1_000,
      cursors: Array.from({ length: Math.ceil(server.rows.length / 1_000) - 1 }, (_, at) => String((at + 1) * 1_000)),
      rows: server.rows.length,
      at: row === undefined || !server.rows.some(({ id }) => id === row) ? null : server.rows.findIndex(({ id }) => id === row),
    }),
    "corpus/facets": () => ({ facets: [], histograms: [] }),
    "corpus/count": () => ({ rows: 0 }),
    "corpus/walk": ({ id }: { id: string }) => ({ row: server.rows.find((row) => row.id === id), labels: [], verdicts: [], hidden: null }),
    "corpus/label": ({ ids }: { ids: string[] }) => ({
      entry: "e1",
      kind: "label",
      rows: ids.length,
      words: `${ids.length} rows labelled`,
    }),
    "corpus/delete": ({ ids }: { ids: string[] }) => {
      server.rows = server.rows.filter(({ id }) => !ids.includes(id));
      return { entry: "e2", kind: "delete", rows: ids.length, words: `${ids.length} rows deleted` };
    },
  };
  const backend = {
    request: (method: string, params: Record<string, unknown>, signal?: AbortSignal) =>
      new Promise((resolve, reject) => {
        asked.push({ method, params });
        const stop = clock.after(10, () => resolve(answers[method]?.(params as never) ?? null));
        signal?.addEventListener("abort", () => {
          stop();
          reject({ problem: { code: "cancelled", message: "Cancelled" } });
        });
      }),
  } as unknown as Backend;
  const store = createStore({
    backend,
    clock,
    onChange() {},
    keep(state) {
      server.kept = state;
    },
  });
  const seen = { row: 0, pixels: 0 };
  store.listing.attach({
    reveal: (index) => store.listing.rows.show(index, index + 10),
    shift(rows) {
      seen.row += rows;
    },
    toPlace: ({ row, pixels }) => Object.assign(seen, { row, pixels }),
    place: () => seen,
    pageRows: 10,
  });
  store.show({ project: "file:///p", dataset: "d", query: {}, row: null }, before.kept);
  store.listing.rows.show(seen.row, seen.row + 10);
  const sent = (method: string) => asked.filter((one) => one.method === method).map(({ params }) => params);
  return { clock, store, sent, arrive, place: seen, kept: () => server.kept };
}
