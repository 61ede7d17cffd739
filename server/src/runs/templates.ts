import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { AppError, fail } from "#protocol/errors.ts";
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
}

/**
 * Reads and parses a template.
 * @throws template/unreadable, template/too-large, or the template's first error with its place
 */
export async function loadTemplate(projectDir: string, file: string): Promise<LoadedTemplate> {
  const path = projectPath(projectDir, file);
  const bytes = await readTemplate(file, path);
  // The kept snapshot and its hash are of the text that was parsed, so that the walk back finds the same lines.
  const source = bytes.toString("utf8");
  const template = parseTemplate(source);
  throwErrors(template.diagnostics, path);
  return { path, sha256: createHash("sha256").update(source).digest("hex"), source, template };
}

async function readTemplate(file: string, path: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > TEMPLATE_MAX_BYTES)
      throw fail("template/too-large", `The template has ${size} bytes, and ${TEMPLATE_MAX_BYTES} are the most`, {
        where: { file: path },
        remedy: "Move long passages into the seeds, where each request brings its own.",
      });
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
