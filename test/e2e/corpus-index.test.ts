import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import type Database from "better-sqlite3";
import type { FrameLocator, Locator } from "playwright-core";
import { cli } from "../cli/harness.ts";
import { withoutEditor } from "./browser.ts";
import { corpusProject, problemAt } from "./corpus-project.ts";
import { type Editor, startEditor } from "./editor.ts";
import { until } from "./until.ts";

const ROWS = 120_000;

const option = (panel: FrameLocator, place: number): Locator => panel.locator(`.row[role=option][aria-posinset="${place}"]`);
const notice = (panel: FrameLocator, text: string | RegExp): Locator => panel.locator(".notice").filter({ hasText: text });

const scrollTo = (panel: FrameLocator, share: number): Promise<void> =>
  panel.locator(".scroller").evaluate((list, to) => list.scrollTo({ top: to * (list.scrollHeight - list.clientHeight) }), share);

/** Number of a row that is drawn, from 1. */
const drawn = async (panel: FrameLocator): Promise<number> =>
  Number((await panel.locator(".row[role=option]").nth(5).getAttribute("aria-posinset", { timeout: 1_000 })) ?? 0);

describe("the corpus panel over a large index, and one that is in trouble", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  let project: string;
  let panel: FrameLocator;
  const index = () => join(project, ".jiuzhang", "corpus.db");

  before(async () => {
    project = await corpusProject({ rows: ROWS, made: 0 });
    editor = await startEditor({ project });
    await editor.command("jiuzhang.openCorpus");
    await editor.pick("clean");
    panel = await editor.webview("clean");
    // The scrollbar leads through what the list knows of: at first its first page.
    await option(panel, 1)
      .and(panel.locator(`[aria-setsize="${ROWS}"]`))
      .waitFor();
  });

  test("the scrollbar leads to the middle and to the end of 120,000 rows, and what stands there is right", async () => {
    await scrollTo(panel, 0.5);
    const place = await until("the middle", async () => {
      const found = await drawn(panel);
      return Math.abs(found - ROWS / 2) < 200 ? found : null;
    });
    await option(panel, place)
      .filter({ hasText: `Case ${place - 1}:` })
      .waitFor();
    await scrollTo(panel, 1);
    await option(panel, ROWS)
      .filter({ hasText: `Case ${ROWS - 1}:` })
      .waitFor();
    await editor.screenshot("corpus-end");
    await panel.locator(".scroller").focus();
    await editor.page.keyboard.press("Home");
    await option(panel, 1).filter({ hasText: "Case 0:" }).waitFor();
  });

  test("rows that another process brings wait above, and what is seen stays", async () => {
    await scrollTo(panel, 0.3);
    const place = await until("the place", async () => {
      const found = await drawn(panel);
      return found > ROWS / 5 ? found : null;
    });
    const row = option(panel, place);
    await row.click();
    const id = await row.getAttribute("data-id");
    await panel.locator(`.row.active[data-id="${id}"]`).waitFor();
    await panel.locator("#details").getByText("Where it comes from").waitFor();
    const y = async () => Math.round((await panel.locator(".row.active").boundingBox())?.y ?? -1);
    const height = await y();
    writeFileSync(
      join(project, "more.jsonl"),
      [1, 2, 3].map((number) => `${JSON.stringify({ ...problemAt(0), problem: `More ${number}` })}\n`).join(""),
    );
    const { code, stderr } = await cli(["import", "more.jsonl", "--dataset", "clean"], { cwd: project });
    assert.equal(code, 0, stderr);
    await notice(panel, "3 new rows above").waitFor();
    await option(panel, place + 3)
      .and(panel.locator(`.active[data-id="${id}"]`))
      .waitFor();
    await until("the row where it stood", async () => (await y()) === height);
    await notice(panel, "new rows").getByRole("button", { name: "Show" }).click();
    await option(panel, 1).filter({ hasText: "More" }).waitFor();
  });

  test("while another process writes, rows are read, and a label says what it waits for and can be given up", async () => {
    const Native = createRequire(import.meta.url)("better-sqlite3") as typeof Database;
    const other = new Native(index());
    other.exec("BEGIN IMMEDIATE");
    try {
      await scrollTo(panel, 0.7);
      await until("rows there", async () => (await drawn(panel)) > ROWS / 2);
      await panel.locator(".row[role=option]").nth(6).click();
      await panel.locator("#details").getByText("Where it comes from").waitFor();
      await editor.page.keyboard.press("k");
      await notice(panel, /Labelling, \d s so far/).waitFor();
      await editor.screenshot("corpus-writer");
      await notice(panel, "Labelling").getByRole("button", { name: "Cancel" }).click();
      await notice(panel, "Cancelled").waitFor();
    } finally {
      other.close();
    }
    await editor.page.keyboard.press("x");
    await notice(panel, /1 row labelled reject/).waitFor();
  });

  test("a damaged index is told with a way out, and the rows come back from the files", async () => {
    const file = index();
    writeFileSync(file, Buffer.alloc(200_000, "garbage"));
    rmSync(`${file}-wal`, { force: true });
    rmSync(`${file}-shm`, { force: true });
    process.kill(await editor.serverPid(), "SIGKILL");
    await scrollTo(panel, 0.1);
    const rebuild = panel.getByRole("button", { name: "Rebuild" }).or(panel.locator("vscode-button").filter({ hasText: "Rebuild" }));
    await rebuild.first().waitFor();
    await editor.screenshot("corpus-damaged");
    await rebuild.first().click();
    await notice(panel, /The index was made anew: 120,0\d\d rows|The index was made anew/).waitFor({ timeout: 240_000 });
    await until("rows", async () => (await drawn(panel)) > 0);
    await panel
      .locator(".chips .shown")
      .filter({ hasText: `${(ROWS + 3).toLocaleString("en-US")} of` })
      .waitFor();
  });

  test("a dataset whose files go while it is shown leaves its rows, to be read", async () => {
    await scrollTo(panel, 0);
    await option(panel, 2).click();
    const imports = join(project, ".jiuzhang", "imports");
    for (const name of readdirSync(imports))
      if (readdirSync(join(imports, name)).includes("import-clean.json")) rmSync(join(imports, name), { recursive: true });
    const { code, stderr } = await cli(["rebuild"], { cwd: project });
    assert.equal(code, 0, stderr);
    await notice(panel, "is not there any more").waitFor();
    await option(panel, 2).waitFor();
    await panel.getByRole("button", { name: "Delete" }).first().waitFor({ state: "detached" });
    await editor.screenshot("corpus-gone");
  });
});
