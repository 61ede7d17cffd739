import { basename } from "node:path";
import type { Locator, Page } from "playwright-core";
import { quickInput, quickPickRows } from "./palette.ts";
import { until } from "./until.ts";

export const activeTab = (page: Page): Locator => page.locator(".editor-group-container.active .tab.active");

/** Opens a file by its absolute path and leaves the cursor in it. */
export async function openFile(page: Page, path: string): Promise<void> {
  const name = basename(path);
  const shown = page.locator(`.editor-group-container.active .tab.active[data-resource-name="${name}"]`);
  await until(`an editor of ${name}`, async () => {
    await page.keyboard.press("Control+P");
    await quickInput(page).fill(path, { timeout: 2_000 });
    await quickPickRows(page).filter({ hasText: name }).first().waitFor({ timeout: 5_000 });
    await page.keyboard.press("Enter");
    // The list may still have been that of the words before: then nothing, or another file, has opened.
    await shown.waitFor({ timeout: 3_000 });
    return true;
  });
  await textEditor(page).waitFor();
}

/** The text of the active group. */
export const textEditor = (page: Page): Locator => page.locator(".editor-group-container.active .monaco-editor .view-lines").first();

/** Puts the cursor into a place of the active editor (both count from 1). */
export async function goTo(page: Page, line: number, column = 1): Promise<void> {
  await page.keyboard.press("Control+G");
  await quickInput(page).fill(`:${line}:${column}`);
  await page.keyboard.press("Enter");
  await cursorAt(page, line, column);
}

/** Waits until the status bar says that the cursor is there. */
export async function cursorAt(page: Page, line: number, column?: number): Promise<void> {
  const place = page.locator("[id='status.editor.selection']");
  await place.filter({ hasText: new RegExp(`Ln ${line}, Col ${column ?? "\\d+"}\\b`) }).waitFor();
}

/** Types as a person does: brackets may close themselves, lines may be indented. */
export async function typeText(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text);
}

/** Replaces everything in the active editor, exactly. */
export async function replaceText(page: Page, text: string): Promise<void> {
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+V");
}

/** Saves the active editor and waits until it is no longer marked as changed. */
export async function save(page: Page): Promise<void> {
  await page.keyboard.press("Control+S");
  await page.locator(".editor-group-container.active .tab.active:not(.dirty)").waitFor();
}
