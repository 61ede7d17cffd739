import type { KeptPreview } from "#protocol/panels.ts";
import type { Run } from "./runs.ts";

export const TABS = ["messages", "wire", "results"] as const;
export type Tab = (typeof TABS)[number];

/** What the webview itself keeps over a reload of the window. */
export interface KeptView {
  tab: Tab;
  count: number;
  scroll: Partial<Record<Tab, number>>;
  runs: Run[];
}

export interface Kept {
  host: KeptPreview | null;
  view: KeptView;
}

/** How many problems one click may ask for; larger numbers belong to a run of their own. */
export const MOST_AT_ONCE = 100;

export const NOTHING_KEPT: KeptView = { tab: "messages", count: 1, scroll: {}, runs: [] };

/** What was kept, as far as it makes sense: another version may have written it. */
export function readKeptView(state: unknown): KeptView {
  const view = (state as { view?: Partial<Record<keyof KeptView, unknown>> } | null | undefined)?.view;
  if (typeof view !== "object" || view === null) return NOTHING_KEPT;
  const { tab, count, scroll, runs } = view;
  const places = typeof scroll === "object" && scroll !== null ? Object.entries(scroll) : [];
  return {
    tab: TABS.find((name) => name === tab) ?? "messages",
    count: typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= MOST_AT_ONCE ? count : 1,
    scroll: Object.fromEntries(places.filter(([name, top]) => TABS.includes(name as Tab) && typeof top === "number")),
    runs: Array.isArray(runs) ? (runs as Run[]).filter(isRun) : [],
  };
}

const isRun = (run: unknown): boolean =>
  typeof run === "object" &&
  run !== null &&
  Array.isArray((run as Run).rows) &&
  Array.isArray((run as Run).streams) &&
  Array.isArray((run as Run).warnings);
