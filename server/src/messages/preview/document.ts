import { fileURLToPath } from "node:url";
import { AppError, fail } from "#protocol/errors.ts";
import { parsedTemplate } from "../../language/parsed.ts";
import { projectPath } from "../../project/root.ts";
import { parseTemplate, type Template } from "../../prompty/template.ts";
import { readTemplateText } from "../../runs/templates.ts";
import type { ServerContext } from "../context.ts";

/** A template as the editor has it, or as it lies on the disk. */
export interface PreviewDocument {
  template: Template;
  /** Null where it was read from the disk. */
  version: number | null;
  /** Relative to the project inside it. */
  path: string;
}

/** @throws template/unreadable, template/too-large */
export async function readDocument(context: ServerContext, projectDir: string | null, uri: string): Promise<PreviewDocument> {
  const file = fileOf(uri);
  const path = pathOfDocument(projectDir, uri);
  const open = context.document(uri);
  if (open !== undefined) return { template: parsedTemplate(open), version: open.version, path };
  if (file === null)
    throw fail("template/unreadable", "This template is not open any more", {
      where: { file: path },
      remedy: "Open it again; what was never saved is gone.",
    });
  return { template: parseTemplate(await readTemplateText(file, path)), version: null, path };
}

/** How files and rows name a document: relative to the project inside it. */
export function pathOfDocument(projectDir: string | null, uri: string): string {
  const file = fileOf(uri);
  return file === null ? nameOf(uri) : projectDir === null ? file : projectPath(projectDir, file);
}

/** The file behind a URI; null for documents that are on no disk. */
function fileOf(uri: string): string | null {
  if (!uri.startsWith("file:")) return null;
  try {
    return fileURLToPath(uri);
  } catch (thrown) {
    throw new AppError({ code: "template/unreadable", message: `“${uri}” names no file on this machine` }, { cause: thrown });
  }
}

/** “untitled/Untitled-1.prompty” of `untitled:Untitled-1`: its rows name it like any other template. */
function nameOf(uri: string): string {
  const name = decodeURIComponentSafely(uri.slice(uri.indexOf(":") + 1)) || uri;
  return uri.startsWith("untitled:") && !/[\\/]/.test(name) ? `untitled/${name}${name.endsWith(".prompty") ? "" : ".prompty"}` : name;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded: a name may hold a lone percent sign.
    return text;
  }
}
