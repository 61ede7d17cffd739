import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { root } from "../../scripts/root.ts";
import { DEADLINE_MS, until } from "./until.ts";

interface Manifest {
  contributes?: { commands?: { command: string; title: string; category?: string }[] };
}

const WIDGET = ".quick-input-widget:visible";
const LIST = ".quick-input-list:visible";

/** The one line of input at the top: palette, quick open, quick pick and input box all show in it. */
export const quickInput = (page: Page): Locator => page.locator(`${WIDGET} input.input`);

/** The same while it is an input box. */
const inputBox = (page: Page): Locator => page.locator(`${WIDGET}:not(:has(${LIST})) input.input`);

export const quickPickRows = (page: Page): Locator => page.locator(".quick-input-widget:visible .quick-input-list .monaco-list-row");

/** Closes whatever is asked at the top. */
export async function dismiss(page: Page): Promise<void> {
  await until("the question to close", async () => {
    if ((await quickInput(page).count()) === 0) return true;
    await page.keyboard.press("Escape");
    return false;
  });
}

/**
 * Runs a command from the palette: one of ours by its id, any by its whole title. The palette does not refresh when commands are
 * registered after it was opened, so it is opened anew until the command is there. Returns when the palette has gone: the list that
 * is shown then is the command's own.
 */
export async function runCommand(page: Page, titleOrId: string): Promise<void> {
  const title = titleOf(titleOrId);
  const typed = `>${title}`;
  await until(
    `the command “${title}” in the palette`,
    async () => {
      await page.keyboard.press("F1");
      await quickInput(page).fill(typed, { timeout: 5_000 });
      const row = page.locator(`${LIST} .monaco-list-row[aria-label="${title}"], ${LIST} .monaco-list-row[aria-label^="${title},"]`);
      try {
        await row.first().click({ timeout: 5_000 });
        return true;
      } catch (error) {
        await page.keyboard.press("Escape");
        throw error;
      }
    },
    2 * DEADLINE_MS,
  );
  await until("the palette to go", async () => (await typedNow(page)) !== typed);
}

/** What stands in the line at the top, null where it is not shown. */
const typedNow = async (page: Page): Promise<string | null> =>
  (await quickInput(page).count()) === 0 ? null : await quickInput(page).inputValue({ timeout: 1_000 });

function titleOf(titleOrId: string): string {
  const ours = commands().find(({ command }) => command === titleOrId);
  if (ours === undefined) return titleOrId;
  return ours.category === undefined ? ours.title : `${ours.category}: ${ours.title}`;
}

/** What a button or a menu calls one of our commands. */
export function buttonOf(id: string): string {
  const found = commands().find(({ command }) => command === id);
  if (found === undefined) throw new Error(`There is no command ${id}`);
  return found.title;
}

const commands = () => (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest).contributes?.commands ?? [];

/** Picks the row of an open quick pick whose words include `text`. */
export async function pick(page: Page, text: string | RegExp): Promise<void> {
  await quickPickRows(page).filter({ hasText: text }).first().click();
}

/** Answers the input box that is open, or is about to be: a list is no such box. */
export async function answer(page: Page, text: string): Promise<void> {
  await inputBox(page).fill(text);
  await inputBox(page).press("Enter");
}
