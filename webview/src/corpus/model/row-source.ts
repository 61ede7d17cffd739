import type { Backend } from "./backend.ts";
import type { RowSource } from "./rows.ts";
import { selectionOf } from "./view.ts";

/** Rows as the server pages them, without what a list does not show. */
export function createRowSource(backend: Backend): RowSource {
  return {
    page: (view, from, limit, signal) =>
      backend.request("corpus/page", { query: { ...selectionOf(view), sort: view.sort, limit, ...from, brief: true } }, signal),
    anchors: (view, row, signal) =>
      backend.request("corpus/anchors", { ...selectionOf(view), sort: view.sort, ...(row === null ? {} : { row }) }, signal),
  };
}
