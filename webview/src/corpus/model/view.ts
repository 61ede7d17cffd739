import type { Condition, Query } from "#protocol/corpus.ts";

/** Which rows of the dataset are listed, and in which order. */
export interface View {
  dataset: string;
  where: Condition[];
  search: string;
  sort: Query["sort"];
}

export type SortField = Query["sort"]["field"];

export const NEWEST_FIRST: Query["sort"] = { field: "created", descending: true };

export const viewOf = (dataset: string): View => ({ dataset, where: [], search: "", sort: NEWEST_FIRST });

export const isFiltered = ({ where, search }: View): boolean => where.length > 0 || search.trim() !== "";

/** What the server's messages call a selection. An empty search is none. */
export function selectionOf({ dataset, where, search }: View): { dataset: string; where: Condition[]; search?: string } {
  return { dataset, where, ...(search.trim() === "" ? {} : { search: search.trim() }) };
}

export function sameView(one: View, other: View): boolean {
  return JSON.stringify([selectionOf(one), one.sort]) === JSON.stringify([selectionOf(other), other.sort]);
}
