import { z } from "zod";
import type { Dataset, ImportReport, Page, Row, Verdict, Walk } from "../corpus.ts";
import type { Problem } from "../errors.ts";
import { progressToken, project, query, rowId, rowIds, selection, sort } from "./shapes.ts";

/** Messages behind the corpus panel and the tree of datasets. Client → server. */
export const corpusRequests = {
  /** The project's datasets. Takes in first what jobs and other processes wrote. */
  "corpus/datasets": z.strictObject({ project }),
  /** One page of rows. `brief` leaves out solutions, for lists. */
  "corpus/page": z.strictObject({ project, query }),
  /**
   * Cursors at every so many rows of a query, so that a scrollbar can go anywhere at once. With `row` it is told where that row stands,
   * so that a list that has changed can keep its place.
   */
  "corpus/anchors": z.strictObject({ project, ...selection, sort, row: rowId.optional() }),
  /** Counts per facet: of the whole dataset, and under the conditions of all other facets. */
  "corpus/facets": z.strictObject({ project, ...selection }),
  /** How many rows a selection has. */
  "corpus/count": z.strictObject({ project, ...selection }),
  /** A row and everything behind and after it. */
  "corpus/walk": z.strictObject({ project, id: rowId }),
  /** Labels rows; `label: null` takes the label away. Undoable. */
  "corpus/label": z.strictObject({
    project,
    ids: rowIds,
    label: z.enum(["keep", "reject"]).nullable(),
    why: z.string().max(10_000).nullable(),
  }),
  /** Puts an edited problem in a row's place: a new row with the old one as its parent. Undoable. */
  "corpus/edit": z.strictObject({
    project,
    id: rowId,
    text: z.string().min(1).max(1_000_000),
    solution: z.string().max(1_000_000).nullable(),
    answer: z.string().max(100_000).nullable(),
  }),
  /** Takes rows out of their dataset; files stay. Undoable. */
  "corpus/delete": z.strictObject({ project, ids: rowIds }),
  /** Takes back the last label, edit or deletion of this person (or the one named). */
  "corpus/undo": z.strictObject({ project, entry: z.string().nullable() }),
  /** Writes the selected rows to a JSON lines file. */
  "corpus/export": z.strictObject({ project, ...selection, to: z.string().startsWith("file:"), progress: progressToken }),
  /** Takes a file into the project and its rows into a dataset. */
  "corpus/import": z.strictObject({
    project,
    file: z.string().startsWith("file:"),
    dataset: z.string().min(1).max(100).nullable(),
    /** How the file is named in the project, where `file` is a temporary copy of something dropped. */
    name: z.string().max(1_000).optional(),
    progress: progressToken,
  }),
  /** Makes the index anew from the project's files. */
  "corpus/rebuild": z.strictObject({ project, progress: progressToken }),
};

export interface CorpusResults {
  /** `problem`: why they may be older than the project's files, or the first line of a labels file that does not count. */
  "corpus/datasets": { datasets: Dataset[]; problem: Problem | null };
  "corpus/page": Page & { milliseconds: number };
  "corpus/anchors": Anchors;
  "corpus/facets": Facets;
  "corpus/count": { rows: number };
  "corpus/walk": WalkForward;
  "corpus/label": Change;
  "corpus/edit": Change & { row: Row };
  "corpus/delete": Change;
  "corpus/undo": { undone: Change | null };
  "corpus/export": { rows: number; unparsed: number; bytes: number; file: string };
  "corpus/import": ImportReport;
  "corpus/rebuild": { rows: number; problems: Problem[] };
}

/** A list of cursors: `cursors[i]` stands before row `(i + 1) * every` (row 0 needs none). */
export interface Anchors {
  every: number;
  cursors: string[];
  rows: number;
  /** The place of the row that was asked for, from 0; null where none was, or it is not among these rows. */
  at: number | null;
}

export interface Facets {
  facets: Facet[];
  histograms: Histogram[];
}

/** One field with its values. `total` counts the whole dataset; `shown` what all conditions on other fields leave. */
export interface Facet {
  field: string;
  values: { value: string; total: number; shown: number }[];
}

/** 48 bins (or fewer) of a number; the last edge is the maximum. */
export interface Histogram {
  field: "tokens" | "length";
  /** One more than bins. */
  edges: number[];
  total: number[];
  shown: number[];
}

/** A label, edit or deletion as `labels/<person>.jsonl` keeps it. */
export interface Change {
  /** Id of the entry, for undo. */
  entry: string;
  kind: "label" | "edit" | "delete";
  rows: number;
  /** In words: “2 rows labelled keep”. */
  words: string;
}

export interface WalkForward extends Walk {
  /** What everybody said of the row, the latest first. */
  labels: { by: string; at: string; label: "keep" | "reject" | null; why: string | null }[];
  /** The row that this one was edited from, and who edited it. */
  parent: { id: string; by: string; at: string } | null;
  /** Why the row is in no list any more; null while it is. */
  hidden: "edited" | "deleted" | null;
  verdicts: Verdict[];
}
