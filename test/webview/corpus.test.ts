import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { AppError, fail } from "#protocol/errors.ts";
import { CHROMIUM_FLAGS, findChromium } from "../../scripts/chromium.ts";
import { root } from "../../scripts/root.ts";
import { violationsOf } from "../e2e/axe.ts";
import { until } from "../e2e/until.ts";
import { createFakeCorpus, type FakeCorpus } from "./fake-corpus.ts";
import { type FakeEditor, openFakeEditor } from "./fake-editor.ts";
import type { ThemeName } from "./themes.ts";

const ROW = 88;
const executablePath = findChromium();
let browser: Promise<Browser> | null = null;
after(async () => (await browser)?.close());

interface Stage {
  corpus: FakeCorpus;
  editor: FakeEditor;
  page: Page;
}

/** A panel over a corpus of so many rows, as soon as it shows something. */
async function open(
  rows: number,
  prepare: (corpus: FakeCorpus) => void = () => {},
  options: Partial<Parameters<typeof openFakeEditor>[1]> = {},
): Promise<Stage> {
  browser ??= chromium.launch({ executablePath: executablePath ?? "", args: CHROMIUM_FLAGS });
  const corpus = createFakeCorpus(rows);
  prepare(corpus);
  const editor = await openFakeEditor(await browser, {
    panel: "corpus",
    answer: (method, params, signal) => corpus.answer(method, params, signal),
    async onReady(ready) {
      await ready.post("settings", { macros: {} });
      await ready.post("server", { state: "ready", problem: null });
      await ready.post("corpus/show", { project: "file:///project", dataset: "clean", query: {}, row: null });
    },
    ...options,
  });
  return { corpus, editor, page: editor.page };
}

const option = (page: Page, place: number): Locator => page.locator(`.row[role=option][aria-posinset="${place}"]`);
const notice = (page: Page, text: string | RegExp): Locator => page.locator(".notice").filter({ hasText: text });
const state = (page: Page, text: string | RegExp): Locator => page.locator(".state").filter({ hasText: text });
const button = (page: Page, text: string | RegExp): Locator => page.locator(".state vscode-button").filter({ hasText: text });

const scrollTo = (page: Page, share: number) =>
  page.locator(".scroller").evaluate((element, to) => element.scrollTo({ top: to * (element.scrollHeight - element.clientHeight) }), share);

/** The first row that is wholly in the window. */
const firstSeen = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const top = document.querySelector(".scroller").getBoundingClientRect().top;
    const rows = [...document.querySelectorAll(".row")].filter((row) => row.getBoundingClientRect().top >= top - 1);
    return Math.min(...rows.map((row) => Number(row.dataset.index)));
  })()`) as Promise<number>;

async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(join(root, "test-results"), { recursive: true });
  await page.screenshot({ path: join(root, "test-results", `corpus-state-${name}.png`) });
}

describe("the corpus panel by itself", { skip: executablePath === null && "there is no Chromium on this machine" }, () => {
  test("the scrollbar reaches the middle and the end of a million rows at once, and each end exactly", async () => {
    const { editor, page } = await open(1_000_000);
    await option(page, 1).waitFor();
    await scrollTo(page, 0.5);
    await until("the middle", async () => Math.abs((await firstSeen(page)) - 500_000) < 500);
    await page.locator(".row[role=option]").first().waitFor();
    await scrollTo(page, 1);
    await option(page, 1_000_000).waitFor();
    const bottom = await option(page, 1_000_000).evaluate((row) => row.getBoundingClientRect().bottom);
    const end = await page.locator(".scroller").evaluate((list) => list.getBoundingClientRect().bottom);
    assert.ok(Math.abs(bottom - end) < 2, `the last row ends at ${bottom} and the list at ${end}`);
    await scrollTo(page, 0);
    await option(page, 1).waitFor();
    await editor.close();
  });

  test("in the middle of a million rows the wheel and the arrows move row by row", async () => {
    const { editor, page } = await open(1_000_000);
    await option(page, 1).waitFor();
    await scrollTo(page, 0.4);
    await page.locator(".row[role=option]").first().waitFor();
    const before = await firstSeen(page);
    await page.locator(".scroller").hover();
    for (let turn = 0; turn < 10; turn++) await page.mouse.wheel(0, ROW);
    await until("ten rows further", async () => (await firstSeen(page)) === before + 10);
    // The end of a scroll puts the scrollbar right, and moves nothing.
    await page.waitForTimeout(300);
    assert.equal(await firstSeen(page), before + 10);
    const [active] = [before + 12];
    await page.locator(`.row[data-index="${active}"]`).click();
    for (let step = 0; step < 25; step++) await page.keyboard.press("ArrowDown");
    await option(page, active + 26)
      .and(page.locator(".active"))
      .waitFor();
    for (let step = 0; step < 25; step++) await page.keyboard.press("ArrowUp");
    await option(page, active + 1)
      .and(page.locator(".active"))
      .waitFor();
    await page.keyboard.press("End");
    await option(page, 1_000_000).and(page.locator(".active")).waitFor();
    await editor.close();
  });

  test("a slow answer: nothing at first, then ghosts, then words with a way to cancel, and a retry", async () => {
    const { corpus, editor, page } = await open(500, (made) => {
      made.latency = 60_000;
    });
    await page.locator(".ghost.shown").first().waitFor();
    await notice(page, /Loading rows from 1 on, \d+ s so far/).waitFor();
    await picture(page, "slow");
    corpus.latency = 5;
    await notice(page, /Loading/)
      .getByRole("button", { name: "Cancel" })
      .click();
    await notice(page, "Loading was cancelled").waitFor();
    await notice(page, "Loading was cancelled").getByRole("button", { name: "Retry" }).click();
    await option(page, 1).waitFor();
    await notice(page, "Loading was cancelled").waitFor({ state: "detached" });
    await editor.close();
  });

  test("a locked index is tried again each second and says how often; then the rows are there", async () => {
    const { corpus, editor, page } = await open(500, (made) => {
      made.broken = new AppError({
        code: "index/locked",
        message: "Another process is writing to the index",
        data: { pid: 48_213, command: "jiuzhang rebuild" },
      });
    });
    await state(page, "The index is locked by another process").waitFor();
    await state(page, "Process 48213 on this machine, “jiuzhang rebuild”, holds it").waitFor();
    await state(page, /tried [2-9] times/).waitFor();
    await picture(page, "locked");
    corpus.broken = null;
    await option(page, 1).waitFor();
    assert.equal(await page.locator(".state").count(), 0);
    await editor.close();
  });

  test("rows that are there stay readable when the index is locked", async () => {
    const { corpus, editor, page } = await open(2_000);
    await option(page, 1).waitFor();
    corpus.broken = fail("index/locked", "Another process is writing to the index");
    await scrollTo(page, 0.5);
    await notice(page, /Another process is writing to the index.*Tried \d+ times/).waitFor();
    corpus.broken = null;
    await notice(page, /Another process/).waitFor({ state: "detached" });
    await option(page, 1_001).waitFor();
    await editor.close();
  });

  test("a damaged index is made anew by its button, with how far that is", async () => {
    const { corpus, editor, page } = await open(500, (made) => {
      made.broken = fail("index/corrupt", "The index is damaged or is not an index");
    });
    await button(page, "Rebuild").click();
    await page.locator(".rebuild").waitFor();
    const asked = await until("the rebuild", () => editor.asked.find(({ method }) => method === "corpus/rebuild"));
    const { progress: token } = asked.params as { progress: string };
    await editor.post("progress", { token, progress: { stage: "rebuild", done: 38, total: 100, unit: "files" } });
    await page.locator(".rebuild").filter({ hasText: "38 %" }).waitFor();
    await state(page, "is being made anew").waitFor();
    await picture(page, "rebuild");
    corpus.broken = null;
    corpus.rebuilt?.({ rows: 500, problems: [] });
    await option(page, 1).waitFor();
    await notice(page, "The index was made anew: 500 rows").waitFor();
    await editor.close();
  });

  test("a dataset that goes while it is shown leaves its rows, which can only be read", async () => {
    const { corpus, editor, page } = await open(500);
    await option(page, 3).click();
    await page.locator("#details .label-bar").waitFor();
    corpus.gone = true;
    await editor.post("corpus/changed", { project: "file:///project", datasets: null, reason: "rebuilt" });
    await notice(page, "is not there any more").waitFor();
    await option(page, 3).waitFor();
    assert.equal(await page.getByRole("button", { name: "Delete" }).count(), 0);
    await page.keyboard.press("Delete");
    await page.keyboard.press("k");
    assert.equal(
      editor.asked.some(({ method }) => method === "corpus/delete" || method === "corpus/label"),
      false,
    );
    await picture(page, "gone");
    corpus.gone = false;
    await editor.post("corpus/changed", { project: "file:///project", datasets: null, reason: "rows" });
    await notice(page, "is not there any more").waitFor({ state: "detached" });
    await editor.close();
  });

  test("an empty dataset says how rows get into it", async () => {
    const { editor, page } = await open(0);
    await state(page, "This dataset is empty").waitFor();
    await picture(page, "empty");
    await button(page, "Import file").click();
    await until("the dialog", () => editor.asked.some(({ method }) => method === "host/import"));
    await editor.close();
  });

  test("without a folder the panel says so", async () => {
    const { editor, page } = await open(5, () => {}, {
      onReady: (ready) => ready.post("corpus/show", { project: null, dataset: "clean", query: {}, row: null }),
    });
    await state(page, "No folder is open").waitFor();
    await editor.close();
  });

  test("a server that starts again leaves the rows, and goes on when it is back", async () => {
    const { editor, page } = await open(500);
    await option(page, 1).waitFor();
    await editor.post("server", { state: "starting", problem: { code: "server/crashed", message: "The server stopped" } });
    await notice(page, "The server is starting again").waitFor();
    await option(page, 1).waitFor();
    await editor.post("server", { state: "ready", problem: null });
    await notice(page, "The server is starting again").waitFor({ state: "detached" });
    await editor.close();
  });

  test("new rows wait above where the list is scrolled down, and nothing moves", async () => {
    const { corpus, editor, page } = await open(5_000);
    await option(page, 1).waitFor();
    await page.locator(".scroller").evaluate((list) => list.scrollTo({ top: 88 * 1_000 }));
    await option(page, 1_003).click();
    const id = await option(page, 1_003).getAttribute("data-id");
    const y = async () => Math.round((await page.locator(".row.active").boundingBox())?.y ?? -1);
    const before = await y();
    corpus.rows += 12;
    corpus.above += 12;
    await editor.post("corpus/changed", { project: "file:///project", datasets: ["clean"], reason: "rows" });
    await notice(page, "12 new rows above").waitFor();
    await option(page, 1_015).and(page.locator(".active")).waitFor();
    assert.equal(await option(page, 1_015).getAttribute("data-id"), id);
    assert.equal(await y(), before);
    await picture(page, "fresh");
    await notice(page, "new rows").getByRole("button", { name: "Show" }).click();
    await option(page, 1).waitFor();
    await editor.close();
  });

  test("texts of rows stay text: no element, script or style of theirs comes into being", async () => {
    const evil = String.raw`<img src=x onerror="document.title='bad'"> <script>document.title='bad'</script> \(\href{javascript:alert(1)}{x}\) $\htmlStyle{color:red}{y}$ [a](javascript:alert(1)) **b**`;
    const { editor, page } = await open(5, (made) => {
      made.text = evil;
    });
    await option(page, 1).click();
    await page.locator("#details .rich").first().waitFor();
    assert.equal(await page.locator(".row img, .row script, .row a, #details img, #details script, #details a").count(), 0);
    assert.equal(await page.title(), "corpus");
    await page.locator(".row .text").getByText("<img src=x onerror=").first().waitFor();
    await editor.close();
  });

  test("formulas follow the user's macros, also when these change", async () => {
    const { editor, page } = await open(5, (made) => {
      made.text = String.raw`Let \(x \in \RR\).`;
    });
    await option(page, 1).locator(".math-source").filter({ hasText: "RR" }).waitFor();
    await editor.post("settings", { macros: { "\\RR": "\\mathbb{R}" } });
    await option(page, 1).locator(".katex").filter({ hasText: "R" }).waitFor();
    assert.equal(await page.locator(".row .math-source").count(), 0);
    await editor.close();
  });

  for (const [width, name] of [
    [840, "narrow"],
    [560, "slim"],
  ] as const)
    test(`at ${width} pixels the details are a page over the list${width < 640 ? ", and the filters fold away" : ""}`, async () => {
      const { editor, page } = await open(500, () => {}, { viewport: { width, height: 700 } });
      await option(page, 2).click();
      assert.equal(await page.locator("#details").isVisible(), false);
      assert.equal(await page.locator("#rail").isVisible(), width >= 640);
      await picture(page, name);
      if (width < 640) {
        await page.getByRole("button", { name: "Filters" }).click();
        await page.locator("#rail").waitFor();
        await picture(page, `${name}-filters`);
        await page.keyboard.press("Escape");
        await page.locator("#rail").waitFor({ state: "hidden" });
      }
      await page.keyboard.press(" ");
      await page.locator("#details").waitFor();
      await picture(page, `${name}-page`);
      assert.deepEqual(await violationsOf(page.locator("body")), []);
      await page.keyboard.press("Escape");
      await page.locator("#details").waitFor({ state: "hidden" });
      await editor.close();
    });

  for (const theme of ["light", "hc"] as ThemeName[])
    test(`states can be looked at in ${theme}, and axe finds nothing wrong in them`, async () => {
      const { corpus, editor, page } = await open(
        500,
        (made) => {
          made.broken = fail("index/locked", "Another process is writing to the index");
        },
        { theme },
      );
      await state(page, "The index is locked").waitFor();
      assert.deepEqual(await violationsOf(page.locator("body")), []);
      await picture(page, `locked-${theme}`);
      corpus.broken = null;
      await option(page, 2).click();
      await page.locator("#details").getByText("Where it comes from").waitFor();
      await page.keyboard.press("e");
      await page.getByLabel("Problem", { exact: true }).waitFor();
      assert.deepEqual(await violationsOf(page.locator("body")), []);
      await picture(page, `edit-${theme}`);
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await page.locator("dialog.keys").waitFor();
      assert.deepEqual(await violationsOf(page.locator("body")), []);
      await picture(page, `keys-${theme}`);
      await editor.close();
    });
});
