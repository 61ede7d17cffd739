import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { AppError, fail, type Problem } from "#protocol/errors.ts";
import { TEMPLATE_MAX_BYTES } from "#protocol/limits.ts";
import { projectPath } from "../project/root.ts";
import { throwErrors } from "../prompty/load.ts";
import { parseTemplate, type Template } from "../prompty/template.ts";

/** A template as a run uses it: what it says, where it lies, and the hash by which this version is kept. */
export interface LoadedTemplate {
  /** Relative to the project where it lies inside it. */
  path: string;
  sha256: string;
  source: string;
  template: Template;
  /** What looks wrong and does not forbid sending. */
  warnings: Problem[];
}

/**
 * Reads and parses a template.
 * @throws template/unreadable (also for bytes that are not UTF-8, with their line), template/too-large, or the template's first error with its place
 */
export async function loadTemplate(projectDir: string, file: string): Promise<LoadedTemplate> {
  const path = projectPath(projectDir, file);
  return readyTemplate(path, await readTemplateText(file, path));
}

/**
 * A template whose text is known, from its file or as it stands in an editor. The kept snapshot and its hash are of the text that is
 * parsed, so that the walk back finds the same lines. @throws template/too-large, or the template's first error with its place
 */
export function readyTemplate(path: string, source: string): LoadedTemplate {
  refuseLarge(Buffer.byteLength(source), path);
  const template = parseTemplate(source);
  throwErrors(template.diagnostics, path);
  const warnings = template.diagnostics.map(({ severity: _, span: __, ...problem }) => ({
    ...problem,
    where: { file: path, ...problem.where },
  }));
  return { path, sha256: createHash("sha256").update(source).digest("hex"), source, template, warnings };
}

/** The text of a template's file. @throws template/unreadable (also for bytes that are not UTF-8, with their line), template/too-large */
export async function readTemplateText(file: string, path: string): Promise<string> {
  return decode(await readTemplate(file, path), path);
}

async function readTemplate(file: string, path: string): Promise<Buffer> {
  try {
    refuseLarge((await stat(file)).size, path);
    return await readFile(file);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw fail("template/unreadable", `The template cannot be read: ${(thrown as Error).message}`, {
      where: { file: path },
      remedy: "Check the path.",
      cause: thrown,
    });
  }
}

function refuseLarge(bytes: number, path: string): void {
  if (bytes > TEMPLATE_MAX_BYTES)
    throw fail("template/too-large", `The template has ${bytes} bytes, and ${TEMPLATE_MAX_BYTES} are the most`, {
      where: { file: path },
      remedy: "Move long passages into the seeds, where each request brings its own.",
    });
}

/** The text of a template. Replacement characters for damaged bytes would be sent to the model without anybody noticing. */
function decode(bytes: Buffer, path: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  const line = damagedLine(bytes);
  throw fail("template/unreadable", "The template is not UTF-8: this line has bytes of another encoding", {
    where: { file: path, line },
    remedy: "Save the file as UTF-8.",
  });
}

/** The first line that is not UTF-8. A line break is never part of a longer character, so lines can be looked at one by one. */
function damagedLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
  }
  return line;
}
