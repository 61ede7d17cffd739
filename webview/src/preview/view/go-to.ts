import type { Store } from "../model/store.ts";

let last: { input: number; at: number } | null = null;

/** Goes to the first place of an input, and on to its next one when it is asked for again; the template goes along. */
export function goToInput(store: Store, input: number): void {
  const places = [...document.querySelectorAll<HTMLElement>(`.panel [data-input="${input}"]`)];
  const at = last?.input === input ? (last.at + 1) % places.length : 0;
  const place = places[at];
  if (place === undefined) return;
  last = { input, at };
  place.scrollIntoView({ block: "nearest" });
  const { start, end } = place.dataset;
  if (start !== undefined && end !== undefined) store.reveal({ start: Number(start), end: Number(end) });
}
