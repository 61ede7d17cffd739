import { holdsCommand, isTyping, walkAreas } from "../../shared/keys.ts";
import { TABS } from "../model/kept.ts";
import { isRunning } from "../model/runs.ts";
import type { Store } from "../model/store.ts";

/**
 * Keys that the panel answers itself. Generating and walking through seeds are commands of the editor, so that people can bind
 * other keys to them; they come as the event `do`.
 */
export function listenToKeys(store: Store, view: { draw(): void; showKeys(): void }): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (walkAreas(event)) return;
    const tab = holdsCommand(event) && !event.altKey ? TABS[Number(event.key) - 1] : undefined;
    if (tab !== undefined) {
      store.setTab(tab);
      event.preventDefault();
      return;
    }
    if (event.key === "Escape") {
      // What is open is closed before anything is stopped.
      if (store.state.picker !== null) store.openPicker(false);
      else if (document.querySelector("dialog[open]") === null && store.state.runs.some(isRunning)) store.stop();
      return;
    }
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") view.showKeys();
    else if (event.key === "/" && store.state.host?.seed != null) {
      store.openPicker(true);
      view.draw();
      document.getElementById("seed-search")?.focus();
    } else return;
    event.preventDefault();
  });
  // A click on the button that opens the list of seeds goes on in its search field.
  addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || target.closest("#seed") === null || store.state.picker === null) return;
    view.draw();
    document.getElementById("seed-search")?.focus();
  });
}
