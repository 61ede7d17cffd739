import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { CHROMIUM_FLAGS, findChromium } from "../scripts/chromium.ts";
import { installCodeServer } from "../scripts/code-server.ts";
import { installExtensions, QUIET_SETTINGS, serveEditor } from "../scripts/editor-server.ts";
import { packageExtension } from "../scripts/package.ts";
import { root } from "../scripts/root.ts";
import { createSample } from "../server/src/project/sample.ts";
import { runCommand } from "../test/e2e/palette.ts";
import { until } from "../test/e2e/until.ts";
import type { Measurement } from "./measurement.ts";

const WINDOWS = 7;

/** An extension that comes with the editor, is activated in every window, and does little then. */
const BASELINE = "Emmet";

/** What the packaged extension costs a window that opens on a project, as a real VS Code itself measures it. */
export async function run(): Promise<Measurement[]> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("There is no Chromium on this machine.");
  const home = mkdtempSync(join(tmpdir(), "jz-bench-"));
  const entry = await installCodeServer((line) => console.error(line));
  const extensionsDir = join(home, "extensions");
  installExtensions(entry, extensionsDir, home, [(await packageExtension()).file]);
  const project = join(home, "sample");
  await createSample(project, { sample: join(root, "media", "sample"), prompts: join(root, "prompts") });
  const editor = await serveEditor({ entry, home, extensionsDir, settings: { ...QUIET_SETTINGS, "workbench.editor.useModal": "off" } });
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  try {
    const ours: number[] = [];
    const baseline: number[] = [];
    for (let window = 0; window < WINDOWS; window++) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      await page.goto(`${editor.url}?folder=${encodeURIComponent(project)}`);
      ours.push(await activation(page, "JiuZhang"));
      baseline.push(await activation(page, BASELINE));
      await context.close();
    }
    const [a, b] = [median(ours), median(baseline)];
    const note = `from reading its code to having registered everything, as the editor's list of running extensions says, median of ${WINDOWS} windows; against ${BASELINE}, which comes with the editor; smaller is better, goal ≤ 50 ms`;
    return [{ name: "activation of the extension", ours: a, baseline: b, ratio: a / b, unit: "ms", note }];
  } finally {
    await browser.close();
    await editor.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Milliseconds of an extension's activation, once the list has them. */
async function activation(page: Page, extension: string): Promise<number> {
  const row = page.locator(".editor-instance .monaco-list-row").filter({ has: page.getByText(extension, { exact: true }) });
  if ((await row.count()) === 0) await runCommand(page, "Developer: Show Running Extensions");
  return await until(
    `the activation of ${extension}`,
    async () => {
      const found = /Activation: (\d+)ms/.exec((await row.first().innerText({ timeout: 2_000 })) ?? "")?.[1];
      return found === undefined ? null : Number(found) || 0.5;
    },
    90_000,
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
