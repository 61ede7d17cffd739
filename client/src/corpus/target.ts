import type { PanelEvents } from "#protocol/panels.ts";

type Query = PanelEvents["corpus/show"]["query"];

/** Which dataset a command is about, and what of it: said by the tree, by a panel's button or by another part of the extension. */
export interface DatasetTarget {
  project?: string;
  dataset?: string;
  query?: Query;
  /** A row to show. */
  row?: string;
}

/** What a command was given, as far as it says a dataset. Nodes of trees have members of the same names that are something else. */
export function asTarget(argument: unknown): DatasetTarget {
  if (typeof argument === "string") return { dataset: argument };
  if (typeof argument !== "object" || argument === null) return {};
  const { project, dataset, query, row } = argument as Record<string, unknown>;
  return {
    ...(typeof project === "string" ? { project } : {}),
    ...(typeof dataset === "string" ? { dataset } : {}),
    ...(typeof query === "object" && query !== null ? { query: query as Query } : {}),
    ...(typeof row === "string" ? { row } : {}),
  };
}
