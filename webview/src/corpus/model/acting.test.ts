import assert from "node:assert/strict";
import { test } from "node:test";
import { openFakePanel } from "./fake-panel.ts";
import { idOf } from "./fake-rows.ts";
import { PAGE_ROWS } from "./page-plan.ts";

test("a label goes to the row that is chosen, and never to the one that is still read while another is on its way", async () => {
  const { clock, store, sent } = openFakePanel(5_000);
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
  const { clock, store, sent } = openFakePanel(3 * PAGE_ROWS);
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
  const { clock, store, sent } = openFakePanel(100);
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
