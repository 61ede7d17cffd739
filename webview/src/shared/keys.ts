import { html, type TemplateResult } from "lit";

/** Keys as the list of keys shows them: what to press, and what it does. */
export type KeyList = readonly (readonly [keys: string, does: string])[];

const MAC = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

/** A key's name as this machine writes it. */
export const keyName = (keys: string): string => (MAC ? keys.replace("Ctrl+", "⌘").replace("Alt+", "⌥") : keys);

/** Whether the key that stands for commands on this machine is held: Ctrl, or ⌘ on a Mac. */
export const holdsCommand = (event: KeyboardEvent): boolean => (MAC ? event.metaKey : event.ctrlKey);

/** A list of keys behind “?”; Escape closes it, and the focus goes back to where it was. */
export function keyList(title: string, keys: KeyList, onClose: () => void): TemplateResult {
  return html`<dialog class="keys" aria-label=${title} @close=${onClose}>
    <h2>${title}</h2>
    <dl>${keys.map(([key, does]) => html`<dt><kbd class="key">${keyName(key)}</kbd></dt><dd>${does}</dd>`)}</dl>
    <form method="dialog"><button class="action">Close</button></form>
  </dialog>`;
}

/** Whether a key belongs to the field that is being typed into. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (/^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
}

/**
 * `F6` walks the areas of a panel: every element with `data-area` takes the focus in turn, on itself or on the first thing in it
 * that can have it.
 */
export function walkAreas(event: KeyboardEvent): boolean {
  if (event.key !== "F6") return false;
  const areas = [...document.querySelectorAll<HTMLElement>("[data-area]")].filter((area) => area.getClientRects().length > 0);
  if (areas.length === 0) return false;
  const now = areas.findIndex((area) => area.contains(document.activeElement));
  const step = event.shiftKey ? -1 : 1;
  const next = areas[(now + step + areas.length + (now === -1 && event.shiftKey ? 1 : 0)) % areas.length] as HTMLElement;
  const inside = next.querySelector<HTMLElement>(
    "[tabindex='0'], button:not(:disabled):not([tabindex='-1']), input, vscode-button, vscode-textfield",
  );
  (next.tabIndex >= 0 ? next : (inside ?? next)).focus();
  event.preventDefault();
  return true;
}
