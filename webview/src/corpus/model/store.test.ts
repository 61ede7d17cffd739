import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import type { Backend } from "./backend.ts";
import { openFakePanel } from "./fake-panel.ts";
import { rowOf } from "./fake-rows.ts";
import { createHeldClock } from "./held-clock.ts";
import { createStore } from "./store.ts";

const ROWS = [0, 1, 2, 3].map(rowOf);
const [FIRST, , , LAST] = ROWS as [Row, Row, Row, Row];

/** A panel on a dataset of four rows; `broken` is what the next undo meets. */
async function stage() {
  const clock = createHeldClock();
  const asked: { method: string; params: Record<string, unknown> }[] = [];
  const host = { broken: null as unknown };
  const answers: Record<string, (params: Record<string, unknown>) => unknown> = {
    "corpus/page": () => ({ rows: ROWS, next: null, milliseconds: 1 }),
    "corpus/anchors": () => ({ anchors: [], every: 1_000 }),
    "corpus/count": () => ({ rows: ROWS.length, exact: true }),
    "corpus/facets": () => ({ facets: [], histograms: [] }),
    "corpus/datasets": () => ({ datasets: [], problem: null }),
    "corpus/walk": ({ id }) => ({ row: ROWS.find((row) => row.id === id), hidden: null, labels: [], verdicts: [] }),
    "corpus/label": ({ ids }) => ({ entry: `label ${ids}`, words: "kept" }),
    "corpus/delete": ({ ids }) => ({ entry: `delete ${ids}`, words: "deleted" }),
    "corpus/undo": ({ entry }) => {
      if (host.broken !== null) throw host.broken;
      return { undone: { entry, words: "x" } };
    },
  };
  const backend = {
    async request(method: string, params: Record<string, unknown>) {
      asked.push({ method, params });
      return answers[method]?.(params);
    },
  } as unknown as Backend;
  const store = createStore({ backend, clock, onChange() {}, keep() {} });
  const of = (method: string) => asked.filter((one) => one.method === method).map(({ params }) => params);
  store.show({ project: "file:///p", dataset: "d", query: {}, row: null }, null);
  await clock.pass(1_000);
  return { store, clock, host, of };
}

test("keys act on the row that a command shows, and not on the one that was chosen in the list before", async () => {
  const { store, clock, of } = await stage();
  store.listing.choose(0);
  await clock.pass(1_000);
  assert.equal(store.reading.id, FIRST.id);
  store.show({ project: "file:///p", dataset: "d", query: {}, row: LAST.id }, null);
  await clock.pass(1_000);
  store.changed({ project: "file:///p", datasets: null, reason: "rows" });
  await clock.pass(1_000);
  assert.equal(store.reading.id, LAST.id, "rows that come do not lead away from it");
  await store.acting.remove();
  assert.deepEqual(of("corpus/delete"), [{ ids: [LAST.id] }]);
});

test("an undo that the server could not do is done the next time", async () => {
  const { store, clock, host, of } = await stage();
  store.listing.choose(1);
  await clock.pass(1_000);
  await store.acting.label("keep");
  host.broken = fail("index/locked", "locked");
  await store.acting.undo();
  host.broken = null;
  await store.acting.undo();
  const [first, second] = of("corpus/undo");
  assert.deepEqual(second, first);
  assert.match(String(first?.entry), /^label/);
});

test("an edit takes the cursor once; what was typed and given up comes back by Undo", async () => {
  const { store, clock } = await stage();
  const { acting, notices } = store;
  store.listing.choose(1);
  acting.beginEdit();
  assert.match(notices.current?.words ?? "", /still being read/);
  await clock.pass(1_000);
  acting.beginEdit();
  const id = acting.draft?.id ?? "";
  assert.deepEqual([acting.takesCursor("other"), acting.takesCursor(id), acting.takesCursor(id)], [false, true, false]);
  acting.changeDraft({ text: "typed" });
  assert.equal(acting.takesCursor(id), false);
  acting.dropEdit();
  assert.equal(acting.draft, null);
  notices.current?.actions[0]?.run();
  assert.equal((acting as { draft: { text: string } | null }).draft?.text, "typed");
});

test("what is copied is told when it is on the clipboard, and not before", async () => {
  const { store, clock } = openFakePanel(3);
  await clock.pass(1_000);
  const told = () => store.notices.current?.words ?? null;
  void store.copy("text");
  await clock.pass(1);
  assert.equal(told(), null);
  await clock.pass(1_000);
  assert.equal(told(), "Copied.");
});
