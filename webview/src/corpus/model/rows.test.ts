import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AppError, fail, toProblem } from "#protocol/errors.ts";
import { PAGE_MAX_SKIP } from "#protocol/limits.ts";
import { rowOf } from "./fake-rows.ts";
import { createHeldClock, type HeldClock } from "./held-clock.ts";
import { mostHeld, PAGE_ROWS } from "./page-plan.ts";
import { createRows, type RowSource, type Rows } from "./rows.ts";
import { viewOf } from "./view.ts";

/** A server of so many rows; cursors are the numbers that they stand before. It answers after `latency`. */
function simulate(clock: HeldClock, options: { rows: number; every?: number; latency?: () => number }) {
  const every = options.every ?? 1_000;
  const server = { rows: options.rows, first: 0, pages: 0, anchors: 0, open: new Set<number>(), broken: null as AppError | null };
  const later = <T>(signal: AbortSignal, work: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const stop = clock.after(options.latency?.() ?? 10, () => {
        if (server.broken === null) resolve(work());
        else reject(server.broken);
      });
      signal.addEventListener("abort", () => {
        stop();
        reject(fail("cancelled", "Cancelled"));
      });
    });
  const source: RowSource = {
    async page(_view, { after, skip = 0 }, limit, signal) {
      assert.ok(skip <= PAGE_MAX_SKIP, "the server skips no further");
      const begin = (after === undefined ? 0 : Number(after)) + skip;
      server.pages++;
      server.open.add(begin);
      try {
        return await later(signal, () => {
          const end = Math.min(begin + limit, server.rows);
          const rows = Array.from({ length: Math.max(0, end - begin) }, (_, at) => rowOf(server.first + begin + at));
          return { rows, next: end < server.rows ? String(end) : null, milliseconds: 1 };
        });
      } finally {
        server.open.delete(begin);
      }
    },
    anchors: (_view, row, signal) => {
      server.anchors++;
      return later(signal, () => ({
        every,
        cursors: Array.from({ length: Math.floor(Math.max(0, server.rows - 1) / every) }, (_, at) => String((at + 1) * every)),
        rows: server.rows,
        at: row === null ? null : Number.parseInt(row, 16) - server.first,
      }));
    },
  };
  return { server, source };
}

function open(options: Parameters<typeof simulate>[1], total: number | null = options.rows) {
  const clock = createHeldClock();
  const { server, source } = simulate(clock, options);
  const rows = createRows({ source, clock, problemOf: toProblem, onChange() {} });
  rows.reset(viewOf("d"), total);
  return { clock, server, rows };
}

const shows = (rows: Rows, first: number, end: number, offset = 0) => {
  for (let index = first; index < Math.min(end, rows.total); index++) assert.equal(rows.at(index)?.text, `row ${index + offset}`);
};

test("after any sequence of scrolls the window shows its rows, little is held, and what was passed is cancelled", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 300_000 }),
      fc.constantFrom(300, 1_000, 7_777, 20_000),
      fc.integer({ min: 1, max: 45 }),
      fc.boolean(),
      fc.array(fc.record({ to: fc.double({ min: 0, max: 1, noNaN: true }), near: fc.boolean(), pause: fc.integer({ min: 0, max: 120 }) }), {
        maxLength: 25,
      }),
      fc.infiniteStream(fc.integer({ min: 1, max: 80 })),
      async (count, every, seen, told, moves, latencies) => {
        const { clock, server, rows } = open({ rows: count, every, latency: () => latencies.next().value as number }, told ? count : null);
        let first = 0;
        rows.show(0, seen);
        for (const { to, near, pause } of moves) {
          const goal = near ? first + Math.round((to - 0.5) * 60) : Math.floor(to * rows.total);
          first = Math.min(Math.max(0, goal), Math.max(0, rows.total - 1));
          rows.show(first, first + seen);
          await clock.pass(pause);
          assert.ok(rows.held <= mostHeld(seen), `${rows.held} rows are held`);
          assert.ok(server.open.size <= Math.ceil(seen / PAGE_ROWS) + 3, "only what is wanted is asked for");
          for (let index = first; index < first + seen; index++) {
            const row = rows.at(index);
            if (row !== undefined) assert.equal(row.text, `row ${index}`);
          }
        }
        await clock.pass(2_000);
        assert.equal(rows.problem, null);
        shows(rows, first, first + seen);
        assert.equal(server.open.size, 0);
        assert.equal(rows.wait.phase, "none");
        if (rows.counted) assert.equal(rows.total, count);
      },
    ),
    { numRuns: 150 },
  );
});

test("reads on from page to page while no anchor is known", async () => {
  const { clock, rows } = open({ rows: 500 }, null);
  rows.show(0, 10);
  await clock.pass(100);
  assert.equal(rows.total, 500);
  shows(rows, 0, 10);
});

test("goes to the middle of a million rows by an anchor at once", async () => {
  const { clock, server, rows } = open({ rows: 1_000_000 });
  rows.show(0, 10);
  await clock.pass(100);
  const before = server.pages;
  rows.show(500_000, 500_010);
  await clock.pass(100);
  shows(rows, 500_000, 500_010);
  assert.ok(server.pages - before <= 4, "one page for the window, one or two beside it");
});

test("a dragged scrollbar asks for few of the places that it passes", async () => {
  const { clock, server, rows } = open({ rows: 1_000_000, latency: () => 30 });
  rows.show(0, 10);
  await clock.pass(200);
  const before = server.pages;
  for (let frame = 0; frame < 60; frame++) {
    rows.show(frame * 15_000, frame * 15_000 + 10);
    await clock.pass(16);
  }
  assert.ok(server.pages - before <= 25, `${server.pages - before} requests in a second`);
  await clock.pass(500);
  shows(rows, 59 * 15_000, 59 * 15_000 + 10);
});

test("says nothing of short waits, shows ghosts of longer ones, and words after a second", async () => {
  const { clock, rows } = open({ rows: 100, latency: () => 5_000 });
  rows.show(0, 10);
  assert.equal(rows.wait.phase, "quiet");
  await clock.pass(149);
  assert.equal(rows.wait.phase, "quiet");
  await clock.pass(1);
  assert.equal(rows.wait.phase, "ghosts");
  await clock.pass(850);
  assert.equal(rows.wait.phase, "words");
  await clock.pass(2_000);
  assert.equal(rows.wait.seconds, 3);
  await clock.pass(2_000);
  assert.equal(rows.wait.phase, "none");
});

test("a cancelled load stays cancelled until it is tried again", async () => {
  const { clock, server, rows } = open({ rows: 100, latency: () => 5_000 });
  rows.show(0, 10);
  await clock.pass(1_500);
  rows.cancel();
  await clock.pass(0);
  assert.equal(rows.cancelled, true);
  assert.equal(rows.wait.phase, "none");
  assert.equal(server.open.size, 0);
  await clock.pass(10_000);
  assert.equal(rows.at(0), undefined);
  rows.retry();
  await clock.pass(6_000);
  shows(rows, 0, 10);
});

test("a failure stops the load and is told; a retry goes on", async () => {
  const { clock, server, rows } = open({ rows: 100 });
  server.broken = fail("index/locked", "Another process is writing to the index");
  rows.show(0, 10);
  await clock.pass(1_000);
  assert.equal(rows.problem?.code, "index/locked");
  assert.equal(clock.waiting, 0, "nothing is tried in secret");
  server.broken = null;
  rows.retry();
  await clock.pass(100);
  shows(rows, 0, 10);
  assert.equal(rows.problem, null);
});

test("rows that come on top move what is seen along, without a gap", async () => {
  const { clock, server, rows } = open({ rows: 2_000 });
  rows.show(1_000, 1_010);
  await clock.pass(200);
  server.rows += 7;
  server.first -= 7;
  const refreshed = rows.refresh({ id: rowOf(1_000).id, index: 1_000 });
  await clock.pass(15);
  assert.equal(await refreshed, 7);
  for (let index = 1_007; index < 1_017; index++) assert.equal(rows.at(index)?.text, `row ${index - 7}`);
  rows.show(1_007, 1_017);
  await clock.pass(100);
  shows(rows, 1_007, 1_017, -7);
  assert.equal(rows.total, 2_007);
  assert.equal(rows.wait.phase, "none");
});

test("a view that shrank while it was read ends where the last page ends", async () => {
  const { clock, server, rows } = open({ rows: 500 });
  rows.show(480, 490);
  server.rows = 485;
  await clock.pass(200);
  assert.equal(rows.total, 485);
});

test("ids of a long range are collected, also of rows that were never seen", async () => {
  const { clock, rows } = open({ rows: 5_000 });
  rows.show(0, 10);
  await clock.pass(100);
  const held = rows.ids(2, 9, new AbortController().signal);
  assert.deepEqual(
    await held,
    [2, 3, 4, 5, 6, 7, 8].map((index) => rowOf(index).id),
  );
  const far = rows.ids(1_500, 3_200, new AbortController().signal);
  await clock.pass(200);
  assert.deepEqual(
    await far,
    Array.from({ length: 1_700 }, (_, at) => rowOf(1_500 + at).id),
  );
});
