import { basename, dirname } from "node:path";
import type { Locator, Page } from "playwright-core";
import { dismiss, quickInput, quickPickRows } from "./palette.ts";
import { until } from "./until.ts";

export const activeTab = (page: Page): Locator => page.locator(".editor-group-container.active .tab.active");

/**
 * Opens a file by its absolute path and leaves the cursor in it. The list goes on showing the files that were open before until
 * the search has answered, so the row is chosen by its name and folder, and clicked: Enter would take whichever is first.
 */
export async function openFile(page: Page, path: string): Promise<void> {
  const name = basename(path);
  const shown = page.locator(`.editor-group-container.active .tab.active[data-resource-name="${name}"]`);
  try {
    await until(`an editor of ${name}`, async () => {
      await dismiss(page);
      await page.keyboard.press("Control+P");
      await quickInput(page).fill(path, { timeout: 5_000 });
      const row = await until("its row", () => rowOf(page, path), 10_000);
      await row.click({ timeout: 5_000 });
      await shown.waitFor({ timeout: 10_000 });
      await focusedText(page).waitFor({ timeout: 5_000 });
      return true;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\nThe window shows:\n${await describeWindow(page)}`);
  }
}

/** The row of this file: by its folder; a file at the top of a project is the only row, with its name and no path. */
async function rowOf(page: Page, path: string): Promise<Locator | null> {
  const labels = await quickPickRows(page).evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? ""));
  const [name, folder] = [basename(path), basename(dirname(path))];
  const [only] = labels;
  const atTheTop = labels.length === 1 && only?.startsWith(name) && !only.includes("/") ? only : undefined;
  const label = labels.find((label) => label.startsWith(`${name} `) && label.includes(`${folder}, `)) ?? atTheTop;
  // By its words, as its place changes when the list does.
  return label === undefined
    ? null
    : quickPickRows(page)
        .and(page.locator(`[aria-label=${JSON.stringify(label)}]`))
        .first();
}

/** What a person would see first: editors by group, dialogs, questions and messages. */
async function describeWindow(page: Page): Promise<string> {
  const texts = (selector: string) =>
    page.locator(selector).evaluateAll((elements) => elements.map((element) => (element.textContent ?? "").slice(0, 200)));
  const [tabs, active, dialogs, questions, messages] = await Promise.all(
    [
      ".tab",
      ".editor-group-container.active .tab.active",
      ".monaco-dialog-box",
      ".quick-input-widget:not([style*='display: none'])",
      ".notification-toast",
    ].map(texts),
  );
  return JSON.stringify({ tabs, active, dialogs, questions, messages });
}

/** The text of the active group while keys go into it. */
export const focusedText = (page: Page): Locator => page.locator(".editor-group-container.active .monaco-editor.focused").first();

/** Puts the cursor into a place of the active editor (both count from 1). */
export async function goTo(page: Page, line: number, column = 1): Promise<void> {
  const row = quickPickRows(page).filter({ hasText: new RegExp(`line ${line}\\b`, "i") });
  await until(`the cursor in line ${line}`, async () => {
    await dismiss(page);
    await page.keyboard.press("Control+G");
    await quickInput(page).fill(`:${line}:${column}`, { timeout: 5_000 });
    await row.first().waitFor({ timeout: 5_000 });
    await quickInput(page).press("Enter", { timeout: 5_000 });
    await cursorAt(page, line, column, 5_000);
    return true;
  });
  await focusedText(page).waitFor();
}

/** Waits until the status bar says that the cursor is there. */
export async function cursorAt(page: Page, line: number, column?: number, timeout?: number): Promise<void> {
  await selectionItem(page)
    .filter({ hasText: new RegExp(`Ln ${line}, Col ${column ?? "\\d+"}\\b`) })
    .waitFor(timeout === undefined ? {} : { timeout });
}

/** Waits until a part of the active editor is selected. */
export async function selected(page: Page): Promise<void> {
  await selectionItem(page)
    .filter({ hasText: /selected/ })
    .waitFor();
}

const selectionItem = (page: Page): Locator => page.locator("[id='status.editor.selection']");

/** Types as a person does: brackets may close themselves, lines may be indented. */
export async function typeText(page: Page, text: string): Promise<void> {
  await focusedText(page).waitFor();
  await page.keyboard.type(text);
}

/** Replaces everything in the active editor, exactly. Returns when the cursor stands behind the text: the clipboard is read a moment later. */
export async function replaceText(page: Page, text: string): Promise<void> {
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await focusedText(page).waitFor();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+V");
  const lines = text.split("\n");
  const end = new RegExp(`^\\s*Ln ${lines.length}, Col ${(lines.at(-1) ?? "").length + 1}\\s*$`);
  await selectionItem(page).filter({ hasText: end }).waitFor();
}

/** Saves the active editor and waits until it is no longer marked as changed. */
export async function save(page: Page): Promise<void> {
  await page.keyboard.press("Control+S");
  await page.locator(".editor-group-container.active .tab.active:not(.dirty)").waitFor();
}
