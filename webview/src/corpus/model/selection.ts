/** Which rows are chosen: one that keys act on, and perhaps more. Places shift as rows come and go; ids stay. */
export interface Selection {
  active: { index: number; id: string | null } | null;
  /** Where a selection with Shift begins. */
  anchor: number;
  /** Ids of the chosen rows where they are several; empty where only the active one is. */
  ids: ReadonlySet<string>;
  /** Rows that were chosen with Shift; their ids may still be on their way. Half open. */
  range: { first: number; end: number } | null;
}

export const NOTHING: Selection = { active: null, anchor: 0, ids: new Set(), range: null };

/** The most rows that one message to the server may name. */
export const MOST_CHOSEN = 10_000;

export const choose = (index: number, id: string | null): Selection => ({
  active: { index, id },
  anchor: index,
  ids: new Set(),
  range: null,
});

/** Adds a row to the chosen ones, or takes it away. */
export function toggle(selection: Selection, index: number, id: string): Selection {
  const ids = new Set(selection.ids);
  if (ids.size === 0 && selection.active?.id) ids.add(selection.active.id);
  if (!ids.delete(id)) ids.add(id);
  return { active: { index, id }, anchor: index, ids, range: null };
}

/** Chooses all rows from the anchor to this one; those that are too many are left out at the far end. */
export function extend(selection: Selection, index: number, id: string | null): Selection {
  const { anchor } = selection;
  const far = Math.max(anchor - MOST_CHOSEN + 1, Math.min(anchor + MOST_CHOSEN - 1, index));
  const range = { first: Math.min(anchor, far), end: Math.max(anchor, far) + 1 };
  return { active: { index: far, id: far === index ? id : null }, anchor, ids: new Set(), range };
}

export function isChosen({ active, ids, range }: Selection, index: number, id: string | null): boolean {
  if (range !== null) return index >= range.first && index < range.end;
  if (ids.size > 0) return id !== null && ids.has(id);
  return active !== null && (active.id === null || id === null ? active.index === index : active.id === id);
}

export function countChosen({ active, ids, range }: Selection): number {
  if (range !== null) return range.end - range.first;
  return ids.size > 0 ? ids.size : active === null ? 0 : 1;
}

/** The same rows after so many have come above them. */
export function shiftSelection(selection: Selection, by: number): Selection {
  const { active, anchor, range } = selection;
  return {
    ...selection,
    active: active === null ? null : { ...active, index: Math.max(0, active.index + by) },
    anchor: Math.max(0, anchor + by),
    range: range === null ? null : { first: Math.max(0, range.first + by), end: Math.max(0, range.end + by) },
  };
}
