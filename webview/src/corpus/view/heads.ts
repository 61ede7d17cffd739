import type { SortField } from "../model/view.ts";

/** What the last column of the list is called: it shows what the rows are sorted by. */
export const SORT_HEADS: Record<SortField, string> = { created: "Created", length: "Characters", tokens: "Tokens" };
