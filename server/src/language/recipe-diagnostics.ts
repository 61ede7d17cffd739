import { type Diagnostic, DiagnosticSeverity } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { Place } from "#protocol/errors.ts";
import { recipeDocument } from "./recipe-document.ts";

const ATTRIBUTES = { severity: DiagnosticSeverity.Error, source: "jiuzhang" } as const;

/** What is wrong in an open recipe, as the editor's Problems view shows it. */
export function recipeDiagnostics(document: TextDocument): Diagnostic[] {
  const start = { line: 0, character: 0 };
  const read = recipeDocument(document);
  if (read === null)
    return [
      {
        ...ATTRIBUTES,
        range: { start, end: start },
        code: "project/invalid-yaml",
        message: "This recipe is too large or too deeply nested to be checked",
      },
    ];
  return read.recipe.problems.map(({ code, message, remedy, where = {} }) => ({
    ...ATTRIBUTES,
    range: rangeOf(where),
    code,
    message: remedy === undefined ? message : `${message}. ${remedy}`,
  }));
}

function rangeOf({ line = 1, column = 1, endLine, endColumn }: Place): Diagnostic["range"] {
  const end = { line: (endLine ?? line) - 1, character: (endColumn ?? column) - 1 };
  return { start: { line: line - 1, character: column - 1 }, end };
}
