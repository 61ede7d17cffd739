import { type Browser, chromium } from "playwright-core";
import { CHROMIUM_FLAGS, findChromium } from "../../scripts/chromium.ts";
import { installCodeServer } from "../../scripts/code-server.ts";

let browser: Promise<Browser> | null = null;

/** One browser for all editors of a test file. */
export function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("There is no Chromium on this machine.");
  browser ??= chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  return browser;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = null;
}

/** Why tests in a real editor cannot run here, or false. */
export async function withoutEditor(): Promise<string | false> {
  if (process.platform !== "linux") return "the editor's processes are found through /proc";
  if (findChromium() === null) return "there is no Chromium, Chrome or Edge on this machine (CHROMIUM can name one)";
  try {
    await installCodeServer((line) => console.error(line));
  } catch (error) {
    return firstLine(error);
  }
  try {
    await openBrowser();
    return false;
  } catch (error) {
    browser = null;
    return `the browser of this machine does not start: ${firstLine(error)}`;
  }
}

const firstLine = (error: unknown): string => (error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error));
