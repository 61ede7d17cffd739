import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "#protocol/corpus.ts";
import type { Backend } from "./backend.ts";
import { createHeldClock } from "./held-clock.ts";
import { PAGE_ROWS } from "./page-plan.ts";
import { createStore } from "./store.ts";

const idOf = (index: number) => index.toString(16).padStart(24, "0");

const rowOf = (index: number): Row => ({
  id: idOf(index),
  dataset: "d",
  kind: "problem",
  stage: null,
  format: null,
  text: `row ${index}`,
  solution: "so",
  answer: null,
  created: "2026-01-01T00:00:00.000Z",
  tokens: null,
  verdicts: [],
  accepted: true,
  label: null,
  parent: null,
});

/** A panel over so many rows whose server answers after ten milliseconds. */
function open(count: number) {
  const clock = createHeldClock();
  const asked: { method: string; params: Record<string, unknown> }[] = [];
  const server = { rows: Array.from({ length: count }, (_, index) => rowOf(index)) };
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
    "corpus/anchors": () => ({
      every: 1_000,
      cursors: Array.from({ length: Math.ceil(server.rows.length / 1_000) - 1 }, (_, at) => String((at + 1) * 1_000)),
      rows: server.rows.length,
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
  const store = createStore({ backend, clock, onChange() {}, keep() {} });
  const seen = { row: 0, pixels: 0 };
  store.listing.attach({
    reveal: (index) => store.listing.rows.show(index, index + 10),
    shift(rows) {
      seen.row += rows;
    },
    toPlace: (place) => Object.assign(seen, place),
    place: () => seen,
    pageRows: 10,
  });
  store.show({ project: "file:///p", dataset: "d", query: {}, row: null }, null);
  store.listing.rows.show(0, 10);
  const sent = (method: string) => asked.filter((one) => one.method === method).map(({ params }) => params);
  return { clock, store, sent };
}

test("a label goes to the row that is chosen, and never to the one that is still read while another is on its way", async () => {
  const { clock, store, sent } = open(5_000);
  await clock.pass(200);
  store.listing.choose(3);
  await clock.pass(200);
  assert.equal(store.reading.id, idOf(3));
  await Promise.all([store.acting.label("keep"), clock.pass(50)]);
  assert.deepEqual(sent("corpus/label")[0], { ids: [idOf(3)], label: "keep", why: null });

  store.listing.move({ to: "last" }, false);
  await Promise.all([store.acting.label("reject"), clock.pass(0)]);
  assert.equal(sent("corpus/label").length, 1, "the last row has not come yet");
  await clock.pass(500);
  await Promise.all([store.acting.label("reject"), clock.pass(50)]);
  assert.deepEqual(sent("corpus/label")[1], { ids: [idOf(4_999)], label: "reject", why: null });
});

test("rows that were never seen are labelled with those between which they lie", async () => {
  const { clock, store, sent } = open(3 * PAGE_ROWS);
  await clock.pass(200);
  store.listing.choose(1);
  store.listing.choose(2 * PAGE_ROWS, "extend");
  await Promise.all([store.acting.label("keep"), clock.pass(200)]);
  assert.deepEqual(
    sent("corpus/label")[0]?.ids,
    Array.from({ length: 2 * PAGE_ROWS }, (_, at) => idOf(at + 1)),
  );
});

test("after a deletion the next row is chosen", async () => {
  const { clock, store, sent } = open(100);
  await clock.pass(200);
  store.listing.choose(4);
  await clock.pass(50);
  await Promise.all([store.acting.remove(), clock.pass(50)]);
  assert.deepEqual(sent("corpus/delete")[0], { ids: [idOf(4)] });
  assert.equal(store.listing.selection.active?.id, idOf(5));
  await clock.pass(2_000);
  assert.equal(store.listing.selection.active?.id, idOf(5));
  assert.equal(store.listing.rows.total, 99);
  assert.equal(store.listing.rows.at(4)?.id, idOf(5));
});
