import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Uri, window } from "vscode";
import type { ImportReport } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import { DROP_MAX_BYTES } from "#protocol/limits.ts";
import type { HostRequests, Imported } from "#protocol/panels.ts";
import type { ClientContext } from "../context.ts";
import { problemOf } from "../problems/show.ts";
import { ProblemError } from "../server/server.ts";
import { count } from "../status/words.ts";
import { runWork } from "../status/work.ts";
import { droppedName } from "./dropped-name.ts";

/** Endings of files that can be imported, as the dialog offers them. */
const FILTERS = {
  "Rows and texts": ["jsonl", "ndjson", "json", "csv", "tsv", "md", "markdown", "txt"],
  "All files": ["*"],
};

/** Lets the user choose files. Null where they chose none. */
export async function chooseFiles(project: string): Promise<Uri[] | null> {
  const chosen = await window.showOpenDialog({
    title: "Import into the dataset",
    openLabel: "Import",
    canSelectMany: true,
    defaultUri: Uri.parse(project),
    filters: FILTERS,
  });
  return chosen === undefined || chosen.length === 0 ? null : chosen;
}

/** Imports files one after the other; one that fails does not keep the others out, a cancellation does. */
export async function importFiles(
  context: ClientContext,
  project: string,
  dataset: string | null,
  files: readonly Uri[],
  signal?: AbortSignal,
): Promise<Imported> {
  const imported: Imported = { reports: [], failed: [] };
  for (const file of files) {
    try {
      imported.reports.push(await importFile(context, project, { dataset, file: file.toString() }, signal));
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.code === "cancelled" && imported.reports.length === 0) throw thrown;
      imported.failed.push(withPlace(problem, file));
      if (problem.code === "cancelled") break;
    }
  }
  return imported;
}

/** Imports what was dropped on a panel. @throws ProblemError with the limit where it is too large to travel, or where it has no name */
export async function importDropped(
  context: ClientContext,
  project: string,
  { dataset, file }: HostRequests["host/drop"]["params"],
  signal: AbortSignal,
): Promise<ImportReport> {
  if ("uri" in file) {
    if (!file.uri.startsWith("file:")) throw notAFile(file.uri);
    return await importFile(context, project, { dataset, file: file.uri }, signal);
  }
  const name = droppedName(file.name);
  if (file.bytes.byteLength > DROP_MAX_BYTES) throw tooLarge(name, file.bytes.byteLength);
  // The dataset remembers the name of what was dropped, so the copy lies under its own name in a folder of its own.
  const folder = join(context.extension.globalStorageUri.fsPath, "drops", randomUUID());
  const copy = join(folder, name);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(copy, file.bytes);
    return await importFile(context, project, { dataset, file: Uri.file(copy).toString(), name }, signal);
  } catch (thrown) {
    // Where the copy lies helps nobody.
    const problem = problemOf(thrown);
    throw new ProblemError(problem.where?.file === undefined ? problem : { ...problem, where: { ...problem.where, file: name } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function importFile(
  context: ClientContext,
  project: string,
  what: { dataset: string | null; file: string; name?: string },
  signal?: AbortSignal,
): Promise<ImportReport> {
  const name = what.name ?? basename(Uri.parse(what.file).fsPath);
  return await runWork(context, `Importing ${name}`, (work) =>
    context.server.request(
      "corpus/import",
      { project, ...what, progress: work.token },
      signal === undefined ? work.signal : AbortSignal.any([signal, work.signal]),
    ),
  );
}

const withPlace = (problem: Problem, file: Uri): Problem =>
  problem.where?.file === undefined ? { ...problem, where: { ...problem.where, file: file.fsPath } } : problem;

const notAFile = (uri: string): ProblemError =>
  new ProblemError({
    code: "import/unreadable",
    message: "Only files of this machine can be imported",
    where: { file: uri },
    remedy: "Save it to a file first, and import that.",
  });

const tooLarge = (name: string, size: number): ProblemError =>
  new ProblemError({
    code: "import/unreadable",
    message: `This file has ${count(size / 1e6)} MB, and at most ${count(DROP_MAX_BYTES / 1e6)} MB can be dropped`,
    where: { file: name },
    remedy: "Import it by name: it is then read where it lies.",
  });
