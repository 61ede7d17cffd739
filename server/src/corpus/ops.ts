import type { Query } from "#protocol/corpus.ts";
import type { OpContext } from "../store/ops.ts";
import { anchors } from "./anchors.ts";
import { countRows } from "./counts.ts";
import { datasets } from "./dataset.ts";
import { type ExportArgs, exportRows } from "./export.ts";
import { facets } from "./facets.ts";
import { jobRows, newestRow } from "./job-rows.ts";
import { jobSummary } from "./job-summary.ts";
import type { Selection } from "./keys.ts";
import { knownKeys } from "./known-keys.ts";
import { listPage } from "./page.ts";
import { type Pick, pickSeed, searchSeeds } from "./pick-seed.ts";
import { makeSearchable } from "./search.ts";
import { seedRow, seedRows } from "./seed-rows.ts";
import { snapshot } from "./snapshot.ts";
import { templateAnswers } from "./template-answers.ts";
import { unfinishedJobs } from "./unfinished-jobs.ts";
import { type ReadTemplate, walk } from "./walk.ts";

/** The reader threads' operations of this room. */
export const corpusReads = (template: ReadTemplate) => ({
  datasets: ({ sql }: OpContext, _: object | null) => datasets(sql),
  countRows: ({ sql }: OpContext, selection: Selection) => countRows(sql, selection),
  listPage: ({ sql }: OpContext, query: Query) => snapshot(sql, () => listPage(sql, query)),
  anchors: ({ sql }: OpContext, selection: Parameters<typeof anchors>[1]) => snapshot(sql, () => anchors(sql, selection)),
  facets: ({ sql }: OpContext, selection: Selection) => snapshot(sql, () => facets(sql, selection)),
  pickSeed: ({ sql }: OpContext, args: { dataset: string | null; pick: Pick }) => pickSeed(sql, args),
  searchSeeds: ({ sql }: OpContext, args: { dataset: string | null; search: string }) => searchSeeds(sql, args),
  jobRows,
  newestRow: (context: OpContext, _: object | null) => newestRow(context),
  jobSummary,
  knownKeys,
  unfinishedJobs,
  seedRow,
  seedRows,
  templateAnswers,
  walk: (context: OpContext, { id }: { id: string }) => walk(context, id, template),
  exportRows: (context: OpContext, args: ExportArgs) => exportRows(context, args),
});

/** The writer thread's operations of this room. */
export const corpusWrites = {
  makeSearchable: (context: OpContext, _: object | null) => makeSearchable(context),
};
