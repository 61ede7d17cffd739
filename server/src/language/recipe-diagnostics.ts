import { type Diagnostic, DiagnosticSeverity } from "vscode-languageserver/node";
import type { Place } from "#protocol/errors.ts";
import { RECIPE_FILE } from "../project/root.ts";
import { readRecipe } from "../recipe/read.ts";

/** A recipe beyond this is no recipe; reading it at every keystroke would hold up everything else. Characters. */
const MOST_CHARACTERS = 1_000_000;

const ATTRIBUTES = { severity: DiagnosticSeverity.Error, source: "jiuzhang" } as const;

/** Whether a document is a project's recipe, by its name. */
export const isRecipe = (uri: string): boolean => uri.slice(uri.lastIndexOf("/") + 1) === RECIPE_FILE;

/** What is wrong in a recipe, as the editor's Problems view shows it. */
export function recipeDiagnostics(source: string): Diagnostic[] {
  const start = { line: 0, character: 0 };
  if (source.length > MOST_CHARACTERS)
    return [
      { ...ATTRIBUTES, range: { start, end: start }, code: "project/invalid-yaml", message: "This recipe is too large to be checked" },
    ];
  return readRecipe(source, RECIPE_FILE).problems.map(({ code, message, remedy, where = {} }) => ({
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
