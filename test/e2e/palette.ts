import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { root } from "../../scripts/root.ts";
import { until } from "./until.ts";

interface Manifest {
  contributes?: { commands?: { command: string; title: string; category?: string }[] };
}

/** The one line of input at the top: palette, quick open, quick pick and input box all show in it. */
export const quickInput = (page: Page): Locator => page.locator(".quick-input-widget:visible input.input");

export const quickPickRows = (page: Page): Locator => page.locator(".quick-input-widget:visible .quick-input-list .monaco-list-row");

/**
 * Runs a command from the palette: one of ours by its id, any by its whole title. The palette does not refresh when commands are
 * registered after it was opened, so it is opened anew until the command is there.
 */
export async function runCommand(page: Page, titleOrId: string): Promise<void> {
  const title = titleOf(titleOrId);
  await until(
    `the command “${title}” in the palette`,
    async () => {
      await page.keyboard.press("F1");
      await quickInput(page).fill(`>${title}`, { timeout: 2_000 });
      const row = page.locator(
        `.quick-input-list .monaco-list-row[aria-label="${title}"], .quick-input-list .monaco-list-row[aria-label^="${title},"]`,
      );
      try {
        await row.first().click({ timeout: 2_000 });
        return true;
      } catch (error) {
        await page.keyboard.press("Escape");
        throw error;
      }
    },
    60_000,
  );
}

function titleOf(titleOrId: string): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const ours = manifest.contributes?.commands?.find(({ command }) => command === titleOrId);
  if (ours === undefined) return titleOrId;
  return ours.category === undefined ? ours.title : `${ours.category}: ${ours.title}`;
}

/** Picks the row of an open quick pick whose words include `text`. */
export async function pick(page: Page, text: string | RegExp): Promise<void> {
  await quickPickRows(page).filter({ hasText: text }).first().click();
}

/** Answers an open input box. */
export async function answer(page: Page, text: string): Promise<void> {
  await quickInput(page).fill(text);
  await page.keyboard.press("Enter");
}
