import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import type { FrameLocator, Locator } from "playwright-core";
import { violationsOf } from "./axe.ts";
import { withoutEditor } from "./browser.ts";
import { corpusProject } from "./corpus-project.ts";
import { type Editor, startEditor } from "./editor.ts";
import { quickInput, quickPickRows } from "./palette.ts";
import { until } from "./until.ts";
import { dropFile, keptOf } from "./views.ts";

const ROWS = 600;

/** Of what the panel gives the editor to keep. */
interface Kept {
  active: { id: string } | null;
  scroll: { row: number; pixels: number };
  view: { where: unknown[] };
}

const option = (panel: FrameLocator, text: string | RegExp): Locator => panel.locator(".row[role=option]").filter({ hasText: text });
const selected = (panel: FrameLocator): Locator => panel.locator(".row.active");
const shown = (panel: FrameLocator): Locator => panel.locator(".chips .shown");
const notice = (panel: FrameLocator, text: string | RegExp): Locator => panel.locator(".notice").filter({ hasText: text });
const details = (panel: FrameLocator): Locator => panel.locator("#details");

async function openDataset(editor: Editor, name: string): Promise<FrameLocator> {
  // A panel that has just been given the focus may take it once more, and the question closes unanswered: then it is asked again.
  await until(`the question for ${name}`, async () => {
    await editor.command("View: Focus First Editor Group");
    await editor.command("jiuzhang.openCorpus");
    await quickPickRows(editor.page).filter({ hasText: name }).first().click({ timeout: 10_000 });
    return true;
  });
  const panel = await editor.webview(name);
  await panel.locator(".row[role=option], .state").first().waitFor();
  return panel;
}

describe("the corpus panel in a real editor", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  let project: string;
  let panel: FrameLocator;

  before(async () => {
    project = await corpusProject({ rows: ROWS, made: 5 });
    editor = await startEditor({ project });
    panel = await openDataset(editor, "clean");
  });

  test("rows arrive, with their number, formulas, verdicts and facets", async () => {
    await option(panel, "Case 1:").waitFor();
    await panel
      .locator("h1")
      .filter({ hasText: /^clean$/ })
      .waitFor();
    await shown(panel)
      .filter({ hasText: `${ROWS} of ${ROWS} rows shown` })
      .waitFor();
    await panel.locator(".row .katex").nth(3).waitFor();
    const marks = panel.locator(".row").first().locator(".mark");
    await marks.nth(3).waitFor();
    assert.equal(await marks.count(), 4);
    await panel.locator(".rail .value").filter({ hasText: "college" }).filter({ hasText: "150" }).waitFor();
    await editor.screenshot("corpus-rows");
  });

  test("broken TeX is shown as it was written, in its row and in the details", async () => {
    const row = option(panel, "Broken TeX");
    await row.locator(".text").getByText(String.raw`\(\frac{a}{\sqrt{b}\)`).waitFor();
    await row.locator(".katex").first().waitFor();
    assert.equal(await row.locator(".katex").count(), 1);
    await row.click();
    await details(panel).getByText(String.raw`\(\frac{a}{\sqrt{b}\)`).waitFor();
  });

  test("the keys move the selection, and the details follow", async () => {
    await panel.locator(".scroller").focus();
    const page = editor.page;
    await page.keyboard.press("Home");
    await panel.locator('.row.active[aria-posinset="1"]').waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await panel.locator('.row.active[aria-posinset="3"]').waitFor();
    await details(panel).locator("section").filter({ hasText: "Solution" }).first().waitFor();
    await details(panel).getByText(`3 of ${ROWS}`).waitFor();
    await page.keyboard.press("End");
    await panel.locator(`.row.active[aria-posinset="${ROWS}"]`).waitFor();
    await page.keyboard.press("Home");
    await panel.locator('.row.active[aria-posinset="1"]').waitFor();
  });

  test("a search says hits and time; Escape clears it, then leaves the field", async () => {
    await editor.page.keyboard.press("/");
    await panel.locator("#search:focus").waitFor();
    await editor.page.keyboard.type("heptagon");
    await panel
      .locator(".hits")
      .filter({ hasText: /^60 hits · \d/ })
      .waitFor();
    await shown(panel)
      .filter({ hasText: `60 of ${ROWS}` })
      .waitFor();
    await option(panel, "garden").first().waitFor({ state: "detached" });
    await editor.screenshot("corpus-search");
    await editor.page.keyboard.press("Escape");
    await shown(panel)
      .filter({ hasText: `${ROWS} of ${ROWS}` })
      .waitFor();
    await panel.locator("#search:focus").waitFor();
    await editor.page.keyboard.press("Escape");
    await panel.locator(".scroller:focus").waitFor();
  });

  test("facets filter, chips take filters away, and an empty list names its culprit", async () => {
    await panel.getByLabel(/^high, /).check();
    await panel.getByLabel(/^college, /).check();
    await shown(panel)
      .filter({ hasText: `300 of ${ROWS}` })
      .waitFor();
    await panel.locator(".chip").filter({ hasText: "stage: high, college" }).waitFor();
    await panel.locator("#search").fill("heptagon nothing");
    await panel.locator(".state").filter({ hasText: "No row fits all filters" }).waitFor();
    await panel
      .locator(".state")
      .filter({ hasText: /300 rows fit without it/ })
      .waitFor();
    await editor.screenshot("corpus-no-rows");
    await panel.locator("vscode-button").filter({ hasText: "Clear the search" }).click();
    await shown(panel)
      .filter({ hasText: `300 of ${ROWS}` })
      .waitFor();
    await panel.getByRole("button", { name: /Remove the filter stage/ }).click();
    await shown(panel)
      .filter({ hasText: `${ROWS} of ${ROWS}` })
      .waitFor();
  });

  test("a brush over the lengths filters, and its handles work by keys", async () => {
    const histogram = panel.locator(".histogram").filter({ hasText: "Characters" });
    const drawing = histogram.locator("svg");
    // A hover waits until what it points at has come to rest.
    await drawing.hover({ position: { x: 3, y: 10 } });
    const box = await drawing.boundingBox();
    assert.ok(box !== null);
    await editor.page.mouse.down();
    await editor.page.mouse.move(box.x + box.width / 2, box.y + 10, { steps: 5 });
    await editor.page.mouse.up();
    await panel
      .locator(".chip")
      .filter({ hasText: /^characters/ })
      .waitFor();
    const all = `${ROWS} of ${ROWS}`;
    await shown(panel).filter({ hasNotText: all }).waitFor();
    const before = await shown(panel).innerText();
    await histogram.getByRole("slider", { name: "Characters to" }).press("Home");
    await until("another number of rows", async () => (await shown(panel).innerText()) !== before);
    await panel.getByRole("button", { name: "Clear", exact: true }).click();
    await shown(panel)
      .filter({ hasText: `${ROWS} of ${ROWS}` })
      .waitFor();
  });

  test("rows are sorted by what is asked for, either way round", async () => {
    await panel.getByLabel("Sort").selectOption("length");
    await panel.locator('.row[aria-posinset="1"] .katex').first().waitFor();
    const number = async () => Number((await panel.locator('.row[aria-posinset="1"] .sorted').innerText()).replace(/\D/g, ""));
    const longest = await until("the longest", async () => ((await number()) > 200 ? await number() : null));
    await panel.getByRole("button", { name: /Longest first/ }).click();
    await until("the shortest", async () => (await number()) < longest);
    await panel.getByLabel("Sort").selectOption("created");
    // The next test clicks rows: they must have come to rest.
    await panel
      .locator('.row[aria-posinset="1"]')
      .filter({ hasText: /Case (?:0|599):/ })
      .waitFor();
  });

  test("labels stay with their row, and are undone", async () => {
    await option(panel, "Case 1:").click();
    await editor.page.keyboard.press("k");
    await selected(panel).locator(".label.keep").waitFor();
    await details(panel).getByText("kept").waitFor();
    await notice(panel, /1 row labelled keep/).waitFor();
    const file = readdirSync(join(project, "labels")).find((name) => name.endsWith(".jsonl"));
    assert.ok(file !== undefined);
    await editor.page.keyboard.press("Control+z");
    await notice(panel, /Undone/).waitFor();
    await selected(panel).locator(".label").waitFor({ state: "detached" });
    await editor.page.keyboard.press("w");
    await panel.locator("#why:focus").waitFor();
    await editor.page.keyboard.type("too easy");
    await editor.page.keyboard.press("Enter");
    await panel.locator(".scroller:focus").waitFor();
    await editor.page.keyboard.press("x");
    await details(panel).getByText("too easy").waitFor();
    await selected(panel).filter({ hasText: "Case 1:" }).locator(".label.reject").waitFor();
  });

  test("several rows are chosen with Shift and labelled at once", async () => {
    await option(panel, "Case 4:").click();
    await option(panel, "Case 6:").click({ modifiers: ["Shift"] });
    await panel.getByText("3 selected").waitFor();
    await editor.page.keyboard.press("k");
    await notice(panel, /3 rows labelled keep/).waitFor();
    await panel.getByLabel(/^keep, 3 rows/).waitFor();
    await editor.page.keyboard.press("Control+z");
    await notice(panel, /Undone/).waitFor();
  });

  test("an edit in place becomes a new row with the old one as its parent, and is undone", async () => {
    await option(panel, "Case 5:").click();
    await details(panel).getByText("Solution").first().waitFor();
    await editor.page.keyboard.press("e");
    const field = panel.getByLabel("Problem", { exact: true });
    await field.fill("Case 5 in other words: how many metres of fence are there?");
    await editor.screenshot("corpus-edit");
    await editor.page.keyboard.press("Control+Enter");
    await option(panel, "in other words").waitFor();
    await details(panel).getByText("compare with before").waitFor();
    await notice(panel, /edited/i)
      .getByRole("button", { name: "Undo" })
      .click();
    await option(panel, "Case 5:").waitFor();
    await option(panel, "in other words").waitFor({ state: "detached" });
  });

  test("a deleted row goes, and comes back", async () => {
    await option(panel, "Case 8:").click();
    await editor.page.keyboard.press("Delete");
    await notice(panel, /1 row deleted/).waitFor();
    await shown(panel)
      .filter({ hasText: `${ROWS - 1} of ${ROWS - 1}` })
      .waitFor();
    await option(panel, "Case 8:").waitFor({ state: "detached" });
    await notice(panel, /deleted/)
      .getByRole("button", { name: "Undo" })
      .click();
    await option(panel, "Case 8:").waitFor();
    await shown(panel)
      .filter({ hasText: `${ROWS} of ${ROWS}` })
      .waitFor();
  });

  test("what is copied is the text as it was written", async () => {
    await option(panel, "Broken TeX").click();
    // Whole: the row in the list has no solution.
    await details(panel).filter({ hasText: "Broken TeX" }).getByText("The sum is").waitFor();
    await editor.page.keyboard.press("c");
    await notice(panel, "Copied").waitFor();
    const copied = (await editor.page.evaluate("navigator.clipboard.readText()")) as string;
    assert.match(copied, /\\\(\\frac\{a\}\{\\sqrt\{b\}\\\) stands in this row/);
    assert.match(copied, /\\boxed\{4\}/);
  });

  test("a file that is dropped becomes rows; one of another kind is refused in words", async () => {
    const row = { problem: "Dropped: how many corners has a cube?", solution: "Eight, so \\boxed{8}.", stage: "grade" };
    await dropFile(panel.locator("main"), { name: "more.jsonl", text: `${JSON.stringify(row)}\n` });
    await notice(panel, /1 row imported/).waitFor();
    await shown(panel)
      .filter({ hasText: `${ROWS + 1} of ${ROWS + 1}` })
      .waitFor();
    await panel.locator("#search").fill("corners cube");
    await option(panel, "Dropped").waitFor();
    await dropFile(panel.locator("main"), { name: "picture.png", text: "\u0089PNG" });
    await notice(panel, /picture\.png/)
      .locator(".bad")
      .waitFor();
    await editor.screenshot("corpus-drop-refused");
    await option(panel, "Dropped").click();
    await details(panel).getByText("more.jsonl").waitFor();
    await panel.getByRole("button", { name: "Clear the search" }).click();
  });

  test("what is shown is exported", async () => {
    await panel.getByLabel(/^middle, /).check();
    await shown(panel).filter({ hasText: "150 of" }).waitFor();
    await panel.locator("vscode-button.export").click();
    const target = join(project, "exported.jsonl");
    await until("the dialog", async () => (await quickInput(editor.page).inputValue()).endsWith("clean.jsonl"));
    await quickInput(editor.page).fill(target);
    await editor.page.keyboard.press("Enter");
    await notice(panel, /150 rows exported to exported\.jsonl/).waitFor();
    assert.equal(readFileSync(target, "utf8").trim().split("\n").length, 150);
    await panel.getByRole("button", { name: "Clear", exact: true }).click();
  });

  test("a row is edited as a document; one that cannot be read as a row is not saved, and nothing is lost", async () => {
    await option(panel, "Case 9:").click();
    await panel.getByRole("button", { name: "Edit as a document" }).click();
    await editor.page.locator(".view-line").filter({ hasText: "## Problem" }).waitFor();
    await editor.page.locator(".view-line").filter({ hasText: "## Problem" }).click();
    await editor.replaceText("no heading here\n");
    await editor.page.locator(".tab.active.dirty").waitFor();
    await editor.page.keyboard.press("Control+S");
    await editor.notifications.filter({ hasText: "## Problem" }).first().waitFor();
    await editor.page.locator(".tab.active.dirty").waitFor();
    await editor.replaceText("## Problem\n\nCase 9 from a document: how many?\n\n## Solution\n\nTen, \\boxed{10}.\n\n## Answer\n\n10\n");
    await editor.page.locator(".view-line").filter({ hasText: "## Answer" }).waitFor();
    await editor.save();
    await option(panel, "Case 9 from a document").waitFor({ state: "attached" });
    await editor.command("View: Close Editor");
  });

  test("generated rows lead back to the line of each file", async () => {
    const made = await openDataset(editor, "made");
    await made.locator(".row[role=option]").first().click();
    const chain = made.locator(".chain");
    await chain.getByText("prompts/nl/grade.prompty").waitFor();
    await editor.screenshot("corpus-provenance");
    const link = (step: string, name: string | RegExp) => chain.locator("li").filter({ hasText: step }).getByRole("button", { name });
    const tab = (name: string | RegExp) => editor.page.locator(".tab.active").filter({ hasText: name }).waitFor();
    const line = Number((await link("Template", /^line/).innerText()).replace(/\D/g, ""));
    await link("Template", /^line/).click();
    await tab("grade.prompty");
    await editor.cursorAt(line);
    // The file has taken half of the room: who was reading the details still does.
    await made.locator(".panel.page").waitFor();
    await link("Response", /^line/).click();
    await tab(/responses-.*jsonl/);
    await link("Source", /^line/).click();
    await tab("seeds.jsonl");
    await link("Seed", "read").click();
    await editor.page.locator(".view-line").filter({ hasText: "## Seed" }).waitFor();
    await editor.screenshot("corpus-beside");
    renameSync(join(project, "data", "seeds.jsonl"), join(project, "data", "moved.jsonl"));
    await link("Source", /^line/).click();
    await notice(made, /seeds\.jsonl.*not there any more/).waitFor();
    await link("Source", "as imported").click();
    await editor.page.locator(".tab.active").filter({ hasText: "data" }).waitFor();
    renameSync(join(project, "data", "moved.jsonl"), join(project, "data", "seeds.jsonl"));
    await editor.command("View: Close All Editors");
  });

  test("a reload of the window brings back the filters, the search, the selection and the place", async () => {
    panel = await openDataset(editor, "clean");
    await panel.getByLabel("Sort").selectOption("length");
    await panel.getByLabel(/^grade, /).check();
    await panel.locator(".chip").filter({ hasText: "stage: grade" }).waitFor();
    await shown(panel)
      .filter({ hasText: /^15\d of/ })
      .waitFor();
    await panel.locator(".scroller").evaluate((element) => element.scrollTo({ top: 88 * 60 + 30 }));
    const row = panel.locator('.row[aria-posinset="64"]');
    await row.click();
    const text = await row.locator(".id").innerText();
    await details(panel).getByText(text).waitFor();
    const id = await row.getAttribute("data-id");
    await until("what is kept", async () => {
      const { active, scroll, view } = JSON.parse(await keptOf(panel)) as Kept;
      return active?.id === id && scroll.row === 60 && scroll.pixels === 30 && view.where.length === 1;
    });
    await editor.reloadWindow();
    panel = await editor.webview("clean");
    await panel.locator(".chip").filter({ hasText: "stage: grade" }).waitFor();
    await panel.locator('.row.active[aria-posinset="64"]').filter({ hasText: text }).waitFor();
    const top = () => panel.locator(".scroller").evaluate((element) => Math.round(element.scrollTop));
    await until("the place of before", async () => (await top()) === 88 * 60 + 30);
    await details(panel).getByText(text).waitFor();
    await editor.screenshot("corpus-reloaded");
    await panel.getByRole("button", { name: "Clear", exact: true }).click();
  });

  for (const theme of ["light", "hc", "dark"] as const)
    test(`axe finds nothing wrong in ${theme}`, async () => {
      await editor.setTheme(theme);
      await option(panel, "Case").nth(1).click();
      await details(panel).getByText("Where it comes from").waitFor();
      await panel.getByLabel(/^high, /).check();
      await panel.locator("#search").fill("garden");
      await panel.locator(".hits").filter({ hasText: "hits" }).waitFor();
      await option(panel, "garden").nth(1).click();
      await details(panel).getByText("Where it comes from").waitFor();
      await editor.screenshot(`corpus-${theme}`);
      assert.deepEqual(await violationsOf(panel.locator("body")), []);
      await panel.getByRole("button", { name: "Clear", exact: true }).click();
    });
});
