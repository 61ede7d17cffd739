import type { FrameLocator, Locator, Page } from "playwright-core";
import { runCommand } from "./palette.ts";
import { until } from "./until.ts";

/** The document of a visible webview whose title is, or matches, `title`. Ask again after the window was reloaded. */
export async function webview(page: Page, title: string | RegExp): Promise<FrameLocator> {
  const name = await until(`the webview “${title}”`, async () => {
    for (const outer of await page.locator("iframe.webview.ready").all()) {
      if (!(await outer.isVisible())) continue;
      const inner = outer.contentFrame().locator("#active-frame");
      const found = await inner.getAttribute("title", { timeout: 1_000 });
      if (found !== null && (typeof title === "string" ? found === title : title.test(found))) return outer.getAttribute("name");
    }
    return null;
  });
  return page.frameLocator(`iframe.webview[name="${name}"]`).frameLocator("#active-frame");
}

/** Lets every webview tell what it has given the editor to keep over a reload; `keptOf` reads it. */
export const WATCH_KEPT = `{
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message, ...rest) {
    if (message?.channel === "do-update-state") globalThis.keptByPanel = message.data;
    return postMessage.call(this, message, ...rest);
  };
}`;

/** What a webview has given the editor to keep, as JSON; empty before that. */
export const keptOf = (panel: FrameLocator): Promise<string> => panel.owner().evaluate("globalThis.keptByPanel ?? ''").then(String);

/** The item of the status bar with these words. */
export const statusBar = (page: Page, text: string | RegExp): Locator => page.locator(".statusbar-item").filter({ hasText: text });

/** The icon of a view container in the activity bar. */
export const activity = (page: Page, title: string): Locator => page.locator(`.activitybar .action-label[aria-label^="${title}"]`);

/** The rows of a tree view in the side bar or panel. */
export const treeRows = (page: Page, view: string): Locator =>
  page.locator(`.pane:has(.pane-header[aria-label^="${view}"]) .monaco-list-row`);

/** The messages that are shown now. */
export const notifications = (page: Page): Locator => page.locator(".notifications-toasts .notification-list-item");

/** Presses a button of a message. */
export async function pressNotification(page: Page, text: string | RegExp, button: string): Promise<void> {
  await notifications(page).filter({ hasText: text }).getByRole("button", { name: button, exact: true }).click();
}

/** What the Problems view lists, one line each. Opens the view and takes the focus. */
export async function problems(page: Page): Promise<string[]> {
  await runCommand(page, "Problems: Focus on Problems View");
  await page.locator(".markers-panel").waitFor();
  return page
    .locator(".markers-panel .monaco-list-row")
    .evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? row.textContent ?? ""));
}

/** What the page has and the types of the tests do not know. */
interface Dragging {
  DataTransfer: new () => { items: { add(file: File): void } };
  DragEvent: new (type: string, init: object) => Event;
}

/** Drops a file onto an element of a webview, as a file manager would. */
export async function dropFile(target: Locator, file: { name: string; text: string; type?: string }): Promise<void> {
  await target.evaluate((element, { name, text, type }) => {
    const { DataTransfer, DragEvent } = globalThis as unknown as Dragging;
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name, { type: type ?? "" }));
    for (const event of ["dragenter", "dragover", "drop"])
      element.dispatchEvent(new DragEvent(event, { dataTransfer, bubbles: true, cancelable: true, composed: true }));
  }, file);
}
