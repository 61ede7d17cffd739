import type { TextDocument } from "vscode-languageserver-textdocument";
import { parseTemplate, type Template } from "../prompty/template.ts";

const parsed = new WeakMap<TextDocument, { version: number; template: Template }>();

/** The template of an open document, parsed once for each of its versions: diagnostics and preview read the same. */
export function parsedTemplate(document: TextDocument): Template {
  const known = parsed.get(document);
  if (known?.version === document.version) return known.template;
  const template = parseTemplate(document.getText());
  parsed.set(document, { version: document.version, template });
  return template;
}
