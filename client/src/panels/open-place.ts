import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commands, Range, type TextDocumentShowOptions, Uri, workspace } from "vscode";
import type { Problem } from "#protocol/errors.ts";
import type { HostRequests } from "#protocol/panels.ts";
import { ProblemError } from "../server/server.ts";
import { columnBeside } from "./column.ts";

/** The editor gives extensions no text of larger files; it opens them all the same. */
const TEXT_MAX_BYTES = 50 * 1024 * 1024;

/**
 * Opens a file, beside the panel where nothing else is said, and shows the line or selects the span.
 * @throws ProblemError where there is nothing to show
 */
export async function openPlace(
  project: string | null,
  { file, line, span }: HostRequests["host/open"]["params"],
  viewColumn = columnBeside(),
): Promise<void> {
  const path = absolute(project, file);
  const bytes = await sizeOf(path, line);
  if (/\.(?:gz|zst|br)$/i.test(path))
    throw problem("io/failed", "This file is compressed, and the editor shows it only unpacked", path, line, {
      remedy: `Unpack a copy and look at ${line === null ? "it" : `line ${line.toLocaleString("en-US")}`} there.`,
    });
  const uri = Uri.file(path);
  const options: TextDocumentShowOptions = { viewColumn, preview: true };
  const selection = (span ?? null) === null || bytes > TEXT_MAX_BYTES ? lineRange(line) : await spanRange(uri, span, line);
  await commands.executeCommand("vscode.open", uri, selection === null ? options : { ...options, selection });
}

function absolute(project: string | null, file: string): string {
  if (isAbsolute(file)) return file;
  if (project === null)
    throw new ProblemError({ code: "project/none", message: "No folder is open", where: { file }, remedy: "Open the project's folder." });
  return join(fileURLToPath(project), file);
}

async function sizeOf(path: string, line: number | null): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT")
      throw problem("io/failed", `The file cannot be read: ${(thrown as Error).message}`, path, line, {});
  }
  throw problem("usage/not-found", "The file is not there any more", path, line, {
    remedy: "It was moved, renamed or deleted; put it back where it was.",
  });
}

function problem(code: Problem["code"], message: string, file: string, line: number | null, more: Partial<Problem>): ProblemError {
  return new ProblemError({ code, message, where: { file, ...(line === null ? {} : { line }) }, ...more });
}

const lineRange = (line: number | null): Range | null => (line === null ? null : new Range(line - 1, 0, line - 1, 0));

async function spanRange(uri: Uri, span: HostRequests["host/open"]["params"]["span"], line: number | null): Promise<Range | null> {
  if (span === null || span === undefined) return lineRange(line);
  const document = await workspace.openTextDocument(uri);
  const range = new Range(document.positionAt(span.start), document.positionAt(span.end));
  // A file that has changed since it was read may have other text there; its line is the better guess.
  return range.isEmpty || (line !== null && range.start.line !== line - 1) ? lineRange(line) : range;
}
