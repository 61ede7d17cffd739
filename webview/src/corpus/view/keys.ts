import { holdsCommand, isTyping, type KeyList, walkAreas } from "../../shared/keys.ts";
import type { CorpusStore } from "../model/store.ts";
import { copyRow } from "./details.ts";
import { setLabel } from "./label-bar.ts";

export const KEYS: KeyList = [
  ["↑ ↓", "previous and next row; with Shift choose several"],
  ["PgUp PgDn", "a page up and down"],
  ["Home End", "first and last row"],
  ["Space", "details as a page, and back"],
  ["Enter", "into the details"],
  ["K", "keep the row"],
  ["X", "reject the row"],
  ["W", "why"],
  ["E", "edit the row"],
  ["C", "copy the row"],
  ["Del", "delete the row"],
  ["Ctrl+Z", "undo"],
  ["Ctrl+F /", "search"],
  ["F", "filters"],
  ["F6", "next area"],
  ["Esc", "one step back"],
  ["?", "these keys"],
];

export interface KeyTargets {
  list(): void;
  filters(): void;
  keys(): void;
  /** Leaves what stands over the list; false where nothing does. */
  back(): boolean;
}

/** Keys of the whole panel. Those of a field that is being typed into stay with the field. */
export function listenToKeys(store: CorpusStore, targets: KeyTargets): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || walkAreas(event)) return;
    if (document.querySelector("dialog[open]") !== null) return;
    const done = isTyping(event) ? pressInField(event, store, targets) : press(event, store, targets);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function pressInField(event: KeyboardEvent, store: CorpusStore, targets: KeyTargets): boolean {
  const field = event.composedPath()[0] as HTMLInputElement;
  const search = field.id === "search";
  if (event.key === "Escape") {
    if (search && field.value !== "") store.setSearch("", true);
    else targets.list();
    return true;
  }
  if (!search) return field.type === "checkbox" && !holdsCommand(event) ? pressOnControl(event, store, targets) : false;
  if (event.key === "Enter") store.setSearch(store.searchText, true);
  if (event.key !== "Enter" && event.key !== "ArrowDown") return false;
  targets.list();
  if (store.listing.selection.active === null) store.listing.move({ to: "first" }, false);
  return true;
}

/** Letters work on a checkbox as well, but not what a checkbox needs itself. */
const pressOnControl = (event: KeyboardEvent, store: CorpusStore, targets: KeyTargets): boolean =>
  event.key.length === 1 && event.key !== " " ? press(event, store, targets) : false;

function press(event: KeyboardEvent, store: CorpusStore, targets: KeyTargets): boolean {
  const { listing, acting } = store;
  if (holdsCommand(event)) return pressWithCommand(event, store);
  if (event.altKey) return false;
  const onList =
    (event.composedPath()[0] as Element | undefined)?.closest?.(".scroller") != null || document.activeElement === document.body;
  switch (event.key) {
    case "ArrowDown":
    case "ArrowUp":
      if (onList) listing.move({ by: event.key === "ArrowDown" ? 1 : -1 }, event.shiftKey);
      return onList;
    case "PageDown":
    case "PageUp":
      if (onList) listing.move({ pages: event.key === "PageDown" ? 1 : -1 }, event.shiftKey);
      return onList;
    case "Home":
    case "End":
      if (onList) listing.move({ to: event.key === "Home" ? "first" : "last" }, event.shiftKey);
      return onList;
    case " ":
      if (onList || store.page) store.setPage(!store.page);
      return onList || store.page;
    case "Enter":
      if (onList && store.reading.id !== null) enterDetails(store);
      return onList;
    case "Escape":
      if (!targets.back()) targets.list();
      return true;
    case "Delete":
      if (store.writable) void acting.remove();
      return true;
    case "/":
      focus("#search");
      return true;
    case "?":
      targets.keys();
      return true;
    default:
      return pressLetter(event.key.toLowerCase(), store, targets);
  }
}

function pressLetter(key: string, store: CorpusStore, targets: KeyTargets): boolean {
  const { reading, acting } = store;
  const row = reading.walk?.row ?? store.listing.active;
  const problem = row?.kind === "problem" && store.writable;
  switch (key) {
    case "k":
      if (problem) void setLabel(store, "keep");
      return true;
    case "x":
      if (problem) void setLabel(store, "reject");
      return true;
    case "w":
      if (problem) focus("#why");
      return true;
    case "e":
      if (problem) acting.beginEdit();
      return true;
    case "c":
      if (row !== undefined) copyRow(store, row);
      return true;
    case "f":
      targets.filters();
      return true;
    default:
      return false;
  }
}

function pressWithCommand(event: KeyboardEvent, store: CorpusStore): boolean {
  const key = event.key.toLowerCase();
  if (key === "f") {
    focus("#search");
    return true;
  }
  if (key !== "z" || event.shiftKey || !store.writable) return false;
  void store.acting.undo();
  return true;
}

/** The details have no room beside the list, and are a page over it. */
export const NARROW = matchMedia("(width < 900px)");

function enterDetails(store: CorpusStore): void {
  if (NARROW.matches) store.setPage(true);
  requestAnimationFrame(() => focus("#details .body"));
}

function focus(selector: string): void {
  const element = document.querySelector<HTMLElement>(selector);
  element?.focus();
  if (element instanceof HTMLInputElement) element.select();
}
