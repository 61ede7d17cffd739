import assert from "node:assert/strict";
import { test } from "node:test";
import { openFakePanel } from "./fake-panel.ts";
import { idOf } from "./fake-rows.ts";

test("a row that a command asks for is chosen where it stands; one that is not in the list is read all the same", async () => {
  const { clock, store } = openFakePanel(5_000);
  await clock.pass(200);
  const show = (row: string) => store.show({ project: "file:///p", dataset: "d", query: {}, row }, null);
  show(idOf(3_210));
  await clock.pass(500);
  assert.deepEqual(store.listing.selection.active, { index: 3_210, id: idOf(3_210) });
  assert.equal(store.listing.active?.text, "row 3210");
  show("f".repeat(24));
  await clock.pass(500);
  assert.equal(store.listing.selection.active, null);
  assert.equal(store.reading.id, "f".repeat(24));
});

test("rows that come on top leave what is seen where it is, and are counted above", async () => {
  const { clock, store, place, arrive } = openFakePanel(5_000);
  await clock.pass(200);
  place.row = 1_000;
  store.listing.rows.show(1_000, 1_010);
  store.listing.choose(1_004);
  await clock.pass(500);
  store.listing.choose(1_004);
  arrive(7);
  store.changed({ project: "file:///p", datasets: ["d"], reason: "rows" });
  await clock.pass(500);
  assert.equal(place.row, 1_007);
  assert.equal(store.listing.fresh, 7);
  assert.deepEqual(store.listing.selection.active, { index: 1_011, id: idOf(1_004) });
  assert.equal(store.listing.rows.at(1_007)?.id, idOf(1_000));
  store.listing.toTop();
  assert.equal(store.listing.fresh, 0);
  assert.equal(place.row, 0);
});

test("at the top new rows are seen as they come", async () => {
  const { clock, store, place, arrive } = openFakePanel(100);
  await clock.pass(200);
  arrive(3);
  store.changed({ project: "file:///p", datasets: ["d"], reason: "rows" });
  await clock.pass(500);
  assert.equal(place.row, 0);
  assert.equal(store.listing.fresh, 0);
  assert.equal(store.listing.rows.at(3)?.id, idOf(0));
  assert.equal(store.listing.rows.total, 103);
});

test("what a panel keeps brings it back, moved along with rows that came meanwhile", async () => {
  const first = openFakePanel(5_000);
  await first.clock.pass(200);
  first.place.row = 2_000;
  first.place.pixels = 30;
  first.store.listing.rows.show(2_000, 2_010);
  await first.clock.pass(200);
  first.store.listing.choose(2_003);
  await first.clock.pass(500);
  const kept = first.kept();
  assert.equal(kept?.scroll.id, idOf(2_000));

  const { clock, store, place } = openFakePanel(5_000, { kept, arrived: 12 });
  assert.deepEqual([place.row, place.pixels], [2_000, 30], "at once where it was");
  await clock.pass(500);
  assert.equal(place.row, 2_012);
  assert.equal(store.listing.selection.active?.id, idOf(2_003));
  assert.equal(store.reading.id, idOf(2_003));
});
