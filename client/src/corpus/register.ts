import { Uri, window, workspace } from "vscode";
import type { ImportReport } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import { registerCommand } from "../commands/register.ts";
import type { ClientContext } from "../context.ts";
import { showProblems } from "../problems/show.ts";
import { bytes, counted } from "../status/words.ts";
import { chooseDataset } from "./choose-dataset.ts";
import { exportRows } from "./export.ts";
import { chooseFiles, importFiles } from "./import.ts";
import { createCorpusPanels } from "./panels.ts";
import { createRowFiles } from "./row-files.ts";
import { ROW_SCHEME } from "./row-uri.ts";
import { asTarget, type DatasetTarget } from "./target.ts";

/** Panels of datasets, rows as documents, and the commands around them. */
export function registerCorpus(context: ClientContext): void {
  const panels = createCorpusPanels(context);
  const rowFiles = createRowFiles(context);
  context.extension.subscriptions.push(
    workspace.registerFileSystemProvider(ROW_SCHEME, rowFiles, { isCaseSensitive: true }),
    workspace.onDidCloseTextDocument(({ uri }) => {
      if (uri.scheme === ROW_SCHEME) rowFiles.close(uri);
    }),
  );

  const targetOf = async (argument: unknown, title: string): Promise<(DatasetTarget & { project: string; dataset: string }) | null> => {
    const target = asTarget(argument);
    const project = target.project ?? (await context.projects.need());
    const dataset = target.dataset ?? (await chooseDataset(context, project, title));
    return dataset === null ? null : { ...target, project, dataset };
  };

  registerCommand(context, "jiuzhang.openCorpus", async (argument?: unknown) => {
    const target = await targetOf(argument, "Open dataset");
    if (target !== null) panels.open({ query: {}, row: null, ...target });
  });

  registerCommand(context, "jiuzhang.exportDataset", async (argument?: unknown) => {
    const target = await targetOf(argument, "Export dataset");
    if (target === null) return;
    const { where = [], search } = target.query ?? {};
    const written = await exportRows(context, target.project, { dataset: target.dataset, where, search });
    if (written === null) return;
    window.setStatusBarMessage(`$(check) ${counted(written.rows, "row")} exported, ${bytes(written.bytes)}`, 10_000);
  });

  registerCommand(context, "jiuzhang.importFile", async (argument?: unknown, selected?: unknown) => {
    const uris = (Array.isArray(selected) ? selected : [argument]).filter((one) => one instanceof Uri);
    const target = uris.length > 0 ? {} : asTarget(argument);
    const project = target.project ?? (await context.projects.need(uris[0] ?? null));
    const files = uris.length > 0 ? uris : await chooseFiles(project);
    if (files === null) return;
    const { reports, failed } = await importFiles(context, project, target.dataset ?? null, files);
    const [first] = reports;
    if (first !== undefined) panels.open({ project, dataset: first.dataset, query: {}, row: null });
    tell(reports);
    const problems: Problem[] = [...failed, ...reports.flatMap((report) => report.problems)];
    await showProblems(context.log, `${counted(problems.length, "problem")} came up while importing`, problems);
  });
}

function tell(reports: readonly ImportReport[]): void {
  if (reports.length === 0) return;
  const sum = (value: (report: ImportReport) => number) => reports.reduce((total, report) => total + value(report), 0);
  const duplicates = sum((report) => report.duplicates);
  const words = `${counted(
    sum((report) => report.rows),
    "row",
  )} imported${duplicates === 0 ? "" : `, ${counted(duplicates, "row")} had been there before`}`;
  window.setStatusBarMessage(`$(check) ${words}`, 10_000);
}
