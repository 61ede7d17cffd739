import { basename, dirname } from "node:path";
import type { Locator, Page } from "playwright-core";
import { quickInput, quickPickRows } from "./palette.ts";
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
      await page.keyboard.press("Control+P");
      await quickInput(page).fill(path, { timeout: 2_000 });
      const row = await until("its row", () => rowOf(page, path), 5_000);
      await row.click({ timeout: 3_000 });
      await shown.waitFor({ timeout: 5_000 });
      return true;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\nThe window shows:\n${await describeWindow(page)}`);
  }
  await textEditor(page).waitFor();
}

/** The row of this file: by its folder, or, for a file at the top of a project, the only row with its name and no path. */
async function rowOf(page: Page, path: string): Promise<Locator | null> {
  const labels = await quickPickRows(page).evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? ""));
  const [name, folder] = [basename(path), basename(dirname(path))];
  const ofFolder = labels.findIndex((label) => label.startsWith(`${name} `) && label.includes(`${folder}, `));
  if (ofFolder >= 0) return quickPickRows(page).nth(ofFolder);
  const [only] = labels;
  const atTheTop = labels.length === 1 && only !== undefined && only.startsWith(name) && !only.includes("/");
  return atTheTop ? quickPickRows(page).first() : null;
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
