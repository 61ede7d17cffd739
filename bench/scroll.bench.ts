import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { CHROMIUM_FLAGS, findChromium } from "../scripts/chromium.ts";
import { createFakeCorpus } from "../test/webview/fake-corpus.ts";
import { type FakeEditor, openFakeEditor } from "../test/webview/fake-editor.ts";
import type { Measurement } from "./measurement.ts";

const ROWS = 1_000_000;
const ROUNDS = 5;
const FRAMES = 180;

/** Pixels of a frame: a wheel that is turned briskly, and a list that is thrown. */
const SPEEDS = [
  ["brisk scroll", 60],
  ["thrown list", 400],
] as const;

/** Rows of the list that holds all its rows and loads nothing. */
const STATIC_ROWS = 400;

/** A frame that came later than this missed its turn: 60 in a second are 16.7 ms apart, and clocks differ a little. */
const MISSED_MS = 17.7;

/**
 * Frames of the corpus panel over a million rows in Chromium, whose pages come after 8 ms, against a list of the same drawn rows that
 * are all there from the beginning. Both in turns, with the same steps. Times between frames, and what the page's thread worked.
 */
export async function run(): Promise<Measurement[]> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("There is no Chromium on this machine.");
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  try {
    const panel = await openPanel(browser);
    const still = await openPanel(browser);
    await still.page.evaluate(`makeStatic(${STATIC_ROWS})`);
    const results: Measurement[] = [];
    for (const [name, step] of SPEEDS) results.push(...compare(name, step, await measure(panel, still, step)));
    results.push(await measureJumps(panel));
    await still.close();
    await panel.close();
    return results;
  } finally {
    await browser.close();
  }
}

async function openPanel(browser: Browser): Promise<FakeEditor> {
  const corpus = createFakeCorpus(ROWS);
  const panel = await openFakeEditor(browser, {
    panel: "corpus",
    answer: corpus.answer,
    async onReady(editor) {
      await editor.post("settings", { macros: {} });
      await editor.post("corpus/show", { project: "file:///project", dataset: "clean", query: {}, row: null });
    },
  });
  await panel.page.locator(".row[role=option]").first().click();
  await panel.page.evaluate(HELPERS);
  return panel;
}

interface Frames {
  /** Milliseconds between frames. */
  times: number[];
  /** Milliseconds of processor time of the page's thread for each frame. */
  work: number;
}

/** Both lists in turns, each in a page of its own, so that whatever else the machine does falls on both. */
async function measure(panel: FakeEditor, still: FakeEditor, step: number): Promise<{ ours: Frames; baseline: Frames }> {
  const ours: Frames = { times: [], work: 0 };
  const baseline: Frames = { times: [], work: 0 };
  for (let round = 0; round < ROUNDS; round++)
    for (const [editor, sum] of [
      [still, baseline],
      [panel, ours],
    ] as const) {
      const { times, work } = await scrollOnce(editor, step);
      sum.times.push(...times);
      sum.work += work / (FRAMES * ROUNDS);
    }
  return { ours, baseline };
}

async function scrollOnce({ page }: FakeEditor, step: number): Promise<Frames> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    return 1_000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0);
  };
  await page.bringToFront();
  await page.evaluate("toTop()");
  const before = await worked();
  const times = (await page.evaluate(`scrollBy(${step}, ${FRAMES})`)) as number[];
  const work = (await worked()) - before;
  await cdp.detach();
  return { times, work };
}

function compare(name: string, step: number, { ours, baseline }: { ours: Frames; baseline: Frames }): Measurement[] {
  const note = `${ROWS.toLocaleString("en")} rows, ${FRAMES * ROUNDS} frames of ${step} pixels; against a list of the same drawn rows without loading; less is better`;
  const line = (what: string, of: (frames: Frames) => number, unit: string): Measurement => {
    const [mine, theirs] = [of(ours), of(baseline)];
    return { name: `${name}, ${what}`, ours: round(mine), baseline: round(theirs), ratio: theirs / mine, unit, note };
  };
  return [
    ...([50, 95, 99] as const).map((percent) => line(`p${percent} of frames`, ({ times }) => percentile(times, percent), "ms")),
    line("frames over 16.7 ms", ({ times }) => (100 * times.filter((time) => time > MISSED_MS).length) / times.length, "%"),
    line("work of a frame", ({ work }) => work, "ms of processor"),
  ];
}

/** From a jump of the scrollbar to any place until its rows are drawn, against the arrival of the last answer that this needs. */
async function measureJumps(panel: FakeEditor): Promise<Measurement> {
  const jumps: { drawn: number; answered: number }[] = [];
  await panel.page.bringToFront();
  await panel.page.evaluate("toTop()");
  for (let jump = 0; jump < 30; jump++)
    jumps.push((await panel.page.evaluate(`jumpTo(${((jump * 7_919) % 1_000) / 1_000})`)) as { drawn: number; answered: number });
  const median = (of: (jump: { drawn: number; answered: number }) => number) => percentile(jumps.map(of), 50);
  const [ours, baseline] = [median(({ drawn }) => drawn), median(({ answered }) => answered)];
  return {
    name: "jump of the scrollbar to drawn rows",
    ours: round(ours),
    baseline: round(baseline),
    ratio: baseline / ours,
    unit: "ms",
    note: "median of 30 jumps over 1,000,000 rows; against the arrival of the answer, which takes 8 ms and the way there and back; less is better",
  };
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] as number;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** Runs in the page: makes the list to compare with out of the panel's own rows, and scrolls. */
const HELPERS = `
const listOf = () => document.querySelector(".scroller");
globalThis.makeStatic = async (wanted) => {
  const rows = [];
  while (rows.length < wanted) {
    await new Promise((done) => setTimeout(done, 120));
    for (const row of [...listOf().querySelectorAll(".row[role=option]")].sort((a, b) => a.dataset.index - b.dataset.index))
      if (Number(row.dataset.index) === rows.length) rows.push(row.outerHTML);
    listOf().scrollTop += 440;
  }
  const copy = listOf().cloneNode(false);
  copy.innerHTML = '<div class="space" style="height: ' + rows.length * 88 + 'px">' + rows.join("") + "</div>";
  listOf().replaceWith(copy);
};
globalThis.toTop = async () => {
  listOf().scrollTop = 0;
  await new Promise((done) => setTimeout(done, 400));
};
globalThis.scrollBy = (step, frames) => new Promise((done) => {
  const list = listOf();
  const end = list.scrollHeight - list.clientHeight;
  const times = [];
  let direction = 1;
  let top = list.scrollTop;
  let last = performance.now();
  const frame = () => {
    const now = performance.now();
    times.push(now - last);
    last = now;
    if (times.length > frames) return done(times.slice(1));
    if (top + direction * step < 0 || top + direction * step > end) direction = -direction;
    top += direction * step;
    list.scrollTop = top;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});
let answered = 0;
addEventListener("message", () => { answered = performance.now(); });
globalThis.jumpTo = (share) => new Promise((done) => {
  const list = listOf();
  const began = performance.now();
  list.scrollTop = share * (list.scrollHeight - list.clientHeight);
  const frame = () => {
    const there = [...list.querySelectorAll(".row")].filter((row) => { const { top, bottom } = row.getBoundingClientRect(); return bottom > 104 && top < innerHeight; });
    if (there.length > 4 && there.every((row) => row.matches("[role=option]"))) done({ drawn: performance.now() - began, answered: answered - began });
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table((await run()).map(({ note: _, ...rest }) => rest));
